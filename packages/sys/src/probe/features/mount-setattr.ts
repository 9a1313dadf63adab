/** Recursive mount attributes and idmapped mounts. */
import { answersCall, callRemedy, type KernelFeature } from '../feature.js';

export const mountSetattr = {
  label: 'mount_setattr(2)',
  since: '5.12',
  remedy: callRemedy('5.12'),
  // Unknown flags are EINVAL.
  isPresent: (probe) => answersCall(probe, '5.12', 'mount_setattr', -1, null, -1, null, 0),
} as const satisfies KernelFeature;
