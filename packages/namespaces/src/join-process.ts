/** Joining a running container: all its namespaces by one call on a descriptor of its first process. */
import { flags, openFlags, slot, syscall, type NamespaceKind, type PlanContext, type Step } from '@haco/plan';
import { planEnteredRoot } from './become-root.js';
import { AT_FDCWD } from './constants.js';
import { nonDumpable } from './dumpable.js';
import { cloneFlags, rowOf } from './kinds.js';

/** The process whose namespaces are joined. */
export interface JoinedProcess {
  readonly pid: number;
  /** Name under which the launcher gets a pidfd of it: unlike the pid, that can't mean another process by now. */
  readonly descriptor: string;
  /** Those that it doesn't share with the caller; the own user namespace can't be joined (EINVAL). */
  readonly kinds: readonly NamespaceKind[];
  /** Whether its root isn't that of its mount namespace, so that it must be entered by itself. */
  readonly ownRoot: boolean;
  /** The new process enters v2 groups, which the kernel may forbid to whoever is in the cgroup namespace already. */
  readonly cgroupNamespaceLate: boolean;
}

const from = 'join';

/**
 * A pid in a path may be reused until the path has been opened; while the pidfd's process lives, it wasn't. EPERM is the answer of
 * one that lives, too.
 */
function verified({ descriptor }: JoinedProcess): ReturnType<typeof syscall> {
  return syscall('pidfd_send_signal', [{ fd: descriptor }, 0, 0, 0], { tolerate: ['EPERM'] });
}

/** EPERM: an ordinary user, who can't; nor could he when he started the container. */
const dropGroups: Step = {
  id: 'join.groups',
  phase: 'join',
  label: 'leave the supplementary groups of the caller',
  why: 'inside, where setgroups(2) may be switched off, they would stay',
  operations: [syscall('setgroups', [0, 0], { tolerate: ['EPERM'] })],
  from,
  source: 'user_namespaces(7)',
};

function planRoot(target: JoinedProcess, { host, facts }: PlanContext): readonly Step[] {
  const path = `/proc/${String(target.pid)}/root`;
  const save = 'join.root';
  return [
    {
      id: 'join.root',
      phase: 'prepare',
      label: `open the root of process ${String(target.pid)}`,
      why: "its root isn't that of a mount namespace; that the process still lives says that nobody else has its number",
      operations: [
        syscall('openat', [AT_FDCWD, path, flags(openFlags(host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), 0], {
          save,
        }),
        verified(target),
      ],
      from,
      source: 'proc_pid_root(5)',
    },
    {
      id: 'join.enter-root',
      phase: 'root',
      label: "change to the container's root directory",
      why: 'from here on its paths are meant, and the working directory is below it',
      operations: [syscall('fchdir', [slot(save)]), syscall('chroot', ['.']), syscall('close', [slot(save)])],
      from,
      needs: [{ capability: 'sys_chroot', over: facts.entered.includes('user') ? 'container' : 'host' }],
      source: 'chroot(2)',
    },
  ];
}

function planLateCgroup(target: JoinedProcess, { host }: PlanContext): readonly Step[] {
  const path = `/proc/${String(target.pid)}/ns/cgroup`;
  const save = 'join.cgroup';
  return [
    {
      id: 'join.open-cgroup',
      phase: 'prepare',
      label: `open the cgroup namespace of process ${String(target.pid)}`,
      why: 'it is joined by the new process itself; that the process still lives says that nobody else has its number',
      operations: [
        syscall('openat', [AT_FDCWD, path, flags(openFlags(host.arch), 'O_RDONLY', 'O_CLOEXEC'), 0], { save }),
        verified(target),
      ],
      from,
      source: 'cgroup_namespaces(7)',
    },
    {
      id: 'join.cgroup',
      phase: 'identity',
      label: 'join the cgroup namespace',
      why: 'after the group, because with the mount option nsdelegate nobody enters a group from outside of his namespace',
      operations: [
        syscall('setns', [slot(save), flags(cloneFlags, rowOf('cgroup').flag)]),
        syscall('close', [slot(save)]),
      ],
      from,
      source: 'cgroup_namespaces(7)',
    },
  ];
}

/**
 * The steps of a process that joins a container, without its cgroups. Non-dumpable first: from the moment at which it is in a
 * namespace of the container until its exec it must be out of the reach of those who live there.
 */
export function planJoinProcess(target: JoinedProcess, context: PlanContext): readonly Step[] {
  const { pid, descriptor, cgroupNamespaceLate } = target;
  const late = cgroupNamespaceLate && target.kinds.includes('cgroup');
  const kinds = target.kinds.filter((kind) => !(late && kind === 'cgroup'));
  const hasUser = kinds.includes('user');
  const join: readonly Step[] =
    kinds.length === 0
      ? []
      : [
          {
            id: 'join.namespaces',
            phase: 'join',
            label: `join the ${kinds.join(', ')} namespace${kinds.length === 1 ? '' : 's'} of process ${String(pid)}`,
            why: 'all or none, the user namespace before those that it owns; the descriptor stands for this process whoever gets its number',
            operations: [
              syscall('setns', [{ fd: descriptor }, flags(cloneFlags, ...kinds.map((kind) => rowOf(kind).flag))]),
            ],
            from,
            needs: [{ capability: 'sys_admin', over: hasUser ? 'container' : 'host' }],
            source: 'setns(2)',
          },
        ];
  return [
    { ...nonDumpable('join'), from },
    ...(hasUser ? [dropGroups] : []),
    ...join,
    ...(target.ownRoot ? planRoot(target, context) : []),
    ...(late ? planLateCgroup(target, context) : []),
    ...(hasUser ? [planEnteredRoot(from)] : []),
  ];
}
