/**
 * Resource limits (RLIMIT_*) for new containers and for live processes.
 *
 * @packageDocumentation
 */
export { readRlimit, writeRlimit } from './host/prlimit.js';
export { updateRlimits, type RlimitChange } from './host/update.js';
export {
  rlimitKind,
  rlimitKinds,
  type RlimitKind,
  type RlimitName,
  type RlimitNumber,
  type RlimitUnit,
} from './kinds.js';
export type { RlimitMethods } from './methods.js';
export { rlimits } from './part.js';
export { readRlimits, type RlimitUpdate, type RlimitUpdates } from './read.js';
export type { Rlimit, RlimitsSection, RlimitValue } from './section.js';
export { parseRlimitValue, type RlimitInput } from './value.js';
