/** The programs that people know, each started by Node, in isolation as near to haco's as they have it. */
import { findProgram } from '../find-program.js';
import type { Absent, Contender, StagePaths } from './contender.js';
import { spawnToEnd } from './spawn.js';

interface Tool {
  readonly program: string;
  readonly label: string;
  /** Arguments of one start; `n` differs each time. */
  readonly args: (stage: StagePaths, n: number) => readonly string[];
  readonly every?: number;
}

const allNamespaces = ['--mount', '--uts', '--ipc', '--pid', '--cgroup', '--time', '--fork', '--kill-child'];

const tools: readonly Tool[] = [
  {
    program: 'unshare',
    label: 'unshare: namespaces, chroot, /proc',
    args: ({ root }) => [...allNamespaces, `--root=${root}`, '--mount-proc', '--', '/bin/true'],
  },
  {
    program: 'bwrap',
    label: 'bwrap: full, without time namespace',
    args: ({ root }) => [
      ...['--bind', root, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
      ...['--unshare-pid', '--unshare-uts', '--unshare-ipc', '--unshare-cgroup'],
      ...['--cap-drop', 'ALL', '--die-with-parent', '--new-session', '--', '/bin/true'],
    ],
  },
  {
    program: 'crun',
    label: 'crun: full, no cgroup of its own',
    args: ({ bundle, state }, n) => [
      ...['--root', `${state}/crun`, '--cgroup-manager=disabled'],
      ...['run', '--bundle', bundle, `haco-bench-${String(process.pid)}-${String(n)}`],
    ],
  },
  {
    program: 'runc',
    label: 'runc: full, with a cgroup of its own',
    args: ({ bundle, state }, n) => [
      ...['--root', `${state}/runc`],
      ...['run', '--bundle', bundle, `haco-bench-${String(process.pid)}-${String(n)}`],
    ],
    every: 5,
  },
  {
    program: 'systemd-nspawn',
    label: 'systemd-nspawn: its own defaults',
    // Several at once only share a root that none of them may write to, and none may have the other's name.
    args: ({ root }, n) => [
      ...['--quiet', '--directory', root, '--read-only', `--machine=haco-bench-${String(process.pid)}-${String(n)}`],
      ...['--register=no', '--keep-unit', '--as-pid2', '/bin/true'],
    ],
    every: 5,
  },
];

/** The tools that are installed, and those that aren't. */
export function toolContenders(stage: StagePaths): {
  readonly contenders: readonly Contender[];
  readonly missing: readonly Absent[];
} {
  const contenders: Contender[] = [];
  const missing: Absent[] = [];
  let n = 0;
  for (const { program, label, args, every } of tools) {
    const path = findProgram(program);
    if (path === undefined) {
      missing.push({ label: program, reason: 'not installed' });
      continue;
    }
    const start = () => spawnToEnd(path, args(stage, ++n));
    contenders.push({ id: program, label, group: 'tool', start, ...(every === undefined ? {} : { every }) });
  }
  return { contenders, missing };
}
