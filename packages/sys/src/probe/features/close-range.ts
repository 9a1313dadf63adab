/** Closing all descriptors from a number on, in one call. */
import { answersCall, callRemedy, type KernelFeature } from '../feature.js';

export const closeRange = {
  label: 'close_range(2)',
  since: '5.9',
  remedy: callRemedy('5.9'),
  // A first descriptor above the last is EINVAL; nothing is closed.
  isPresent: (probe) => answersCall(probe, '5.9', 'close_range', 1, 0, 0),
} as const satisfies KernelFeature;
