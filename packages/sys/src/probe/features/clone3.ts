/** Processes with all their new namespaces from one call. */
import { answersCall, callRemedy, type KernelFeature } from '../feature.js';

export const clone3 = {
  label: 'clone3(2)',
  since: '5.3',
  remedy: callRemedy('5.3'),
  // A structure of 0 bytes is EINVAL; nothing is cloned.
  isPresent: (probe) => answersCall(probe, '5.3', 'clone3', null, 0),
} as const satisfies KernelFeature;
