/** Descriptors for processes, which never mean another process. */
import { answersCall, callRemedy, type KernelFeature } from '../feature.js';

export const pidfdOpen = {
  label: 'pidfd_open(2)',
  since: '5.3',
  remedy: callRemedy('5.3'),
  // A negative process id is EINVAL.
  isPresent: (probe) => answersCall(probe, '5.3', 'pidfd_open', -1, 0),
} as const satisfies KernelFeature;
