/** The table of kernel features: each in a file of its own. */
import { type FeatureName } from '@haco/plan';
import { type KernelFeature } from '../feature.js';
import { cgroupKill } from './cgroup-kill.js';
import { clone3 } from './clone3.js';
import { cloneIntoCgroup } from './clone-into-cgroup.js';
import { closeRange } from './close-range.js';
import { memfdExec } from './memfd-exec.js';
import { mountSetattr } from './mount-setattr.js';
import { openTree } from './open-tree.js';
import { openat2 } from './openat2.js';
import { pidfdOpen } from './pidfd-open.js';
import { timeNamespace } from './time-namespace.js';
import { userNamespace } from './user-namespace.js';

/** Every feature that changes plans: what it is called, since when, and what to do without it. */
export const kernelFeatures = {
  clone3,
  clone_into_cgroup: cloneIntoCgroup,
  openat2,
  close_range: closeRange,
  pidfd_open: pidfdOpen,
  open_tree: openTree,
  mount_setattr: mountSetattr,
  cgroup_kill: cgroupKill,
  time_namespace: timeNamespace,
  user_namespace: userNamespace,
  memfd_exec: memfdExec,
} as const satisfies Readonly<Record<FeatureName, KernelFeature>>;
