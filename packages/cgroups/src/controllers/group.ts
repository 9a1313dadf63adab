/** What every v2 group has without a controller: bounds of the tree below it. */
import { onlyV2, type Controller } from './controller.js';

export const group = {
  name: 'cgroup',
  v2: 'always',
  keys: onlyV2('cgroup.max.depth', 'cgroup.max.descendants'),
  reports: { v1: [], v2: [] },
} as const satisfies Controller;
