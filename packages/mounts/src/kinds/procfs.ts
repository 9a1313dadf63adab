/** procfs: the processes of the container's own pid namespace. */
import { planFilesystem } from '../filesystem.js';
import { planAttach } from '../target.js';
import { needsOwn, uncoversNothing, type IndependentKind } from './kind.js';

export const procfs: IndependentKind = {
  target: '/proc',
  what: 'a new procfs',
  why: 'it shows the pid namespace of the process that mounts it, so ps and /proc/self speak of the container only if it mounts its own',
  source: 'proc(5)',
  throwAway: false,
  plan: (situation, target, { subset, hidepid }) => [
    ...planFilesystem({
      type: 'proc',
      options: [
        ...(subset === undefined ? [] : [['subset', subset] as const]),
        ...(hidepid === undefined ? [] : [['hidepid', hidepid] as const]),
      ],
      attributes: { nosuid: true, nodev: true, noexec: true },
      save: 'mounts.new',
    }),
    ...planAttach(situation, 'mounts.new', target),
  ],
  check: (situation, options) => [
    ...needsOwn('pid', 'procfs')(situation),
    // What is not for processes isn't in it; kernels differ in whether that is enough.
    ...(options.subset === undefined ? uncoversNothing('procfs', '/proc')(situation) : []),
  ],
};
