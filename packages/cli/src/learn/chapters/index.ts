/** The chapters, in the order of the course. */
import type { Chapter } from '../chapter.js';
import { capabilities } from './capabilities.js';
import { cgroups } from './cgroups.js';
import { ipc } from './ipc.js';
import { mount } from './mount.js';
import { net } from './net.js';
import { own } from './own.js';
import { pid } from './pid.js';
import { root } from './root.js';
import { seccomp } from './seccomp.js';
import { user } from './user.js';
import { uts } from './uts.js';

export const chapters: readonly Chapter[] = [
  uts,
  pid,
  mount,
  root,
  ipc,
  net,
  user,
  cgroups,
  capabilities,
  seccomp,
  own,
];
