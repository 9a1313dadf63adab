/** Which capabilities a container has: the section of the spec that this package owns. */
import type { CapabilityName } from './names.js';

/** Nothing is changed when both are missing. JSON-serializable. */
export interface CapsSection {
  /** Exactly these, or all that there are to keep. */
  readonly keep?: 'all' | readonly CapabilityName[];
  /** Without these; from all, when `keep` is missing. */
  readonly drop?: readonly CapabilityName[];
}
