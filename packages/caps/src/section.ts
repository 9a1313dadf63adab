/** Which capabilities a container has: the section of the spec that this package owns. */
import type { CapabilityName } from './names.js';
import type { SecureBit } from './securebits.js';

/** The five sets of a process, in the order in which a change of them is made. */
export const capabilitySetNames = ['bounding', 'permitted', 'effective', 'inheritable', 'ambient'] as const;

/** One of {@link capabilitySetNames}; see capabilities(7). */
export type CapabilitySetName = (typeof capabilitySetNames)[number];

/** Nothing is changed when all are missing. JSON-serializable. */
export interface CapsSection {
  /** Exactly these, or all that there are to keep. */
  readonly keep?: 'all' | readonly CapabilityName[];
  /** Without these; from all, when `keep` is missing. */
  readonly drop?: readonly CapabilityName[];
  /** Single sets that are to be other than `keep` and `drop` make them. */
  readonly sets?: Readonly<Partial<Record<CapabilitySetName, 'all' | readonly CapabilityName[]>>>;
  /** Exactly these secure bits. */
  readonly securebits?: readonly SecureBit[];
}
