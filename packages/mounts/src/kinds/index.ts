/** The filesystems of `independent()`: one line for each. */
import { plain } from '@haco/plan';
import { cgroup } from './cgroup.js';
import { dev } from './dev.js';
import { devpts } from './devpts.js';
import { devtmpfs } from './devtmpfs.js';
import type { IndependentName } from './independent-names.js';
import type { IndependentKind } from './kind.js';
import { mqueue } from './mqueue.js';
import { procfs } from './procfs.js';
import { shm } from './shm.js';
import { sysfs } from './sysfs.js';

export const independentKinds: Readonly<Record<IndependentName, IndependentKind>> = plain({
  procfs,
  sysfs,
  dev,
  devtmpfs,
  devpts,
  shm,
  mqueue,
  cgroup,
});
