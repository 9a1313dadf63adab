/** Starting a process inside a v2 cgroup, without moving it there. */
import { callRemedy, type KernelFeature } from '../feature.js';
import { isKernelAtLeast } from '@haco/plan';
import { clone3 } from './clone3.js';

export const cloneIntoCgroup = {
  label: 'CLONE_INTO_CGROUP of clone3(2)',
  since: '5.7',
  remedy: callRemedy('5.7'),
  // A flag can only be tried by cloning; the version is a reliable witness once the call is there.
  isPresent: (probe) => isKernelAtLeast(probe.kernel, '5.7') && clone3.isPresent(probe),
} as const satisfies KernelFeature;
