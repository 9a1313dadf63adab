/** Which resource limits a container has: the section of the spec that this package owns. */
import type { RlimitKind } from './kinds.js';

/** A value in the unit of its kind (bytes, seconds, microseconds or a plain number), or no limit. */
export type RlimitValue = number | 'unlimited';

/** A soft limit, which is in force, and the hard limit up to which the process may raise it. */
export interface Rlimit {
  readonly soft: RlimitValue;
  readonly hard: RlimitValue;
}

/** Limits by kind; one that is missing stays as the caller has it. JSON-serializable. */
export type RlimitsSection = Readonly<Partial<Record<RlimitKind, Rlimit>>>;
