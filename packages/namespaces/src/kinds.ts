/** The eight kinds of namespaces: one row says all that plans must know of a kind. */
import { plain, type NamespaceKind } from '@haco/plan';

/** One row of {@link namespaceTable}. */
export interface NamespaceRow {
  /** Name of the flag of `clone3(2)`, `unshare(2)` and `setns(2)`. */
  readonly flag: string;
  readonly value: number;
  /** Name of the file in `/proc/<pid>/ns`. */
  readonly file: string;
  /** What a container gets by having its own, after "so that". */
  readonly why: string;
  /** Whether entering it counts only for processes that are created afterwards. */
  readonly entersWithChildren: boolean;
  /** Capability that making one needs over the user namespace that will own it; a user namespace needs none. */
  readonly capability?: 'sys_admin';
  /** Kernel that has it, as far as it is newer than the oldest one that haco supports. */
  readonly feature?: 'time_namespace' | 'user_namespace';
}

/**
 * The rows by kind, in the order in which they are entered: whatever gives access to files last, so that nothing that was
 * opened before can lead elsewhere.
 *
 * @see namespaces(7)
 */
export const namespaceTable = plain({
  uts: {
    flag: 'CLONE_NEWUTS',
    value: 0x0400_0000,
    file: 'uts',
    why: 'a host name set inside stays inside',
    entersWithChildren: false,
    capability: 'sys_admin',
  },
  ipc: {
    flag: 'CLONE_NEWIPC',
    value: 0x0800_0000,
    file: 'ipc',
    why: 'System V IPC objects and POSIX message queues are its own',
    entersWithChildren: false,
    capability: 'sys_admin',
  },
  net: {
    flag: 'CLONE_NEWNET',
    value: 0x4000_0000,
    file: 'net',
    why: 'interfaces, addresses, routes and ports are its own',
    entersWithChildren: false,
    capability: 'sys_admin',
  },
  cgroup: {
    flag: 'CLONE_NEWCGROUP',
    value: 0x0200_0000,
    file: 'cgroup',
    why: 'its own cgroup looks like the root of the hierarchy',
    entersWithChildren: false,
    capability: 'sys_admin',
  },
  pid: {
    flag: 'CLONE_NEWPID',
    value: 0x2000_0000,
    file: 'pid',
    why: 'it sees no processes but its own, and they end with its first one',
    entersWithChildren: true,
    capability: 'sys_admin',
  },
  time: {
    flag: 'CLONE_NEWTIME',
    value: 0x80,
    file: 'time',
    why: 'its monotonic and boot-time clocks can have offsets',
    entersWithChildren: false,
    capability: 'sys_admin',
    feature: 'time_namespace',
  },
  mount: {
    flag: 'CLONE_NEWNS',
    value: 0x0002_0000,
    file: 'mnt',
    why: 'what it mounts and unmounts is invisible outside',
    entersWithChildren: false,
    capability: 'sys_admin',
  },
  user: {
    flag: 'CLONE_NEWUSER',
    value: 0x1000_0000,
    file: 'user',
    why: 'its root is root in here only',
    entersWithChildren: false,
    feature: 'user_namespace',
  },
} as const satisfies Readonly<Record<NamespaceKind, NamespaceRow>>);

/** Kinds in the order of {@link namespaceTable}. */
export const kindsInOrder = Object.keys(namespaceTable) as readonly NamespaceKind[];

/** The row of a kind. */
export function rowOf(kind: NamespaceKind): NamespaceRow {
  return namespaceTable[kind];
}

/** Flag names and values, for `flags()` of `@haco/plan`. */
export const cloneFlags = Object.fromEntries(kindsInOrder.map((kind) => [rowOf(kind).flag, rowOf(kind).value]));
