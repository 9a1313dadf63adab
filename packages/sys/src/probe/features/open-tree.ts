/** Mounting by descriptor instead of by path: open_tree, move_mount, fsopen, fsconfig, fsmount. */
import { answersCall, callRemedy, type KernelFeature } from '../feature.js';

export const openTree = {
  label: 'open_tree(2) and the other mount calls by descriptor',
  since: '5.2',
  remedy: callRemedy('5.2'),
  // Unknown flags are EINVAL.
  isPresent: (probe) => answersCall(probe, '5.2', 'open_tree', -1, null, -1),
} as const satisfies KernelFeature;
