/** shm: POSIX shared memory of the container's own. */
import type { Operation } from '@haco/plan';
import { planFilesystem } from '../filesystem.js';
import { planAttach } from '../target.js';
import type { IndependentKind } from './kind.js';

/** A new instance, not attached yet. 64 MiB is what people know from Docker. */
export function planShm(save: string): readonly Operation[] {
  return planFilesystem({
    type: 'tmpfs',
    options: [
      ['mode', '1777'],
      ['size', String(64 * 1024 * 1024)],
    ],
    attributes: { nosuid: true, nodev: true, noexec: true },
    save,
  });
}

export const shm: IndependentKind = {
  target: '/dev/shm',
  what: 'a new tmpfs of 64 MiB',
  why: 'shm_open(3) makes its objects there as files',
  source: 'shm_overview(7)',
  throwAway: true,
  plan: (situation, target) => [...planShm('mounts.new'), ...planAttach(situation, 'mounts.new', target)],
};
