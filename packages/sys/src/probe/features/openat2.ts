/** Paths that are resolved inside a root, and refuse magic links. */
import { answersCall, callRemedy, type KernelFeature } from '../feature.js';

export const openat2 = {
  label: 'openat2(2)',
  since: '5.6',
  remedy: callRemedy('5.6'),
  // A structure of 0 bytes is EINVAL.
  isPresent: (probe) => answersCall(probe, '5.6', 'openat2', -1, null, null, 0),
} as const satisfies KernelFeature;
