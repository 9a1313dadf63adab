/** Killing a whole v2 cgroup with one write. */
import { type KernelFeature } from '../feature.js';
import { isKernelAtLeast } from '@haco/plan';

export const cgroupKill = {
  label: 'cgroup.kill of cgroup v2',
  since: '5.14',
  remedy: 'upgrade the kernel to 5.14 or newer',
  // The root group, the only one that is always there, has no such file.
  isPresent: ({ kernel }) => isKernelAtLeast(kernel, '5.14'),
} as const satisfies KernelFeature;
