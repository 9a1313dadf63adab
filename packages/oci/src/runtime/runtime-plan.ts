/** What the runtime makes of a plan: containers outlive it, wait for their start, and leave their groups to `delete`. */
import { flags, slot, syscall, type Operation, type Phase, type Step } from '@haco/core';
import { sendDescriptor, type Arg } from '@haco/plan';
import type { CopyUp } from '../import/import.js';
import { withCopyUps } from './copy-up.js';
import { withMountLabel } from './mount-label.js';
import { withPropagation } from './root-propagation.js';
import { withWorkdir } from './workdir.js';

/** Name of the barrier at which everything is mounted and the root not entered yet. */
export const hooksBarrier = 'oci.hooks';

/** Name of the barrier at which the container is complete. */
export const createdBarrier = 'oci.created';

/** Id of the step that looks whether the command is there. */
export const lookStepId = 'oci.look';

/** What is asked of a plan. */
export interface PlanShape {
  /** Directory of the state, where the container waits for its start; without it the command runs at once. */
  readonly waitsIn?: string;
  /** The runtime has hooks to run before the root is entered; they find it at this path, in the mount namespace of the container. */
  readonly hooksSee?: string;
  /** The runtime has something to do when everything is there. */
  readonly created?: boolean;
  /** Descriptors that the command gets from 3 on: how many of those that the launcher has under {@link preservedName}. */
  readonly preserved?: number;
  /** How the whole tree of the container propagates mounts in the end. */
  readonly propagation?: string;
  /** Working directory, to be made where it is missing. */
  readonly workdir?: string;
  /** SELinux context of the filesystems that are made. */
  readonly mountLabel?: string;
  /** Filesystems that begin with a copy. */
  readonly copyUps?: readonly CopyUp[];
}

/** Name under which the launcher gets the descriptor that the command has as 3 + `index`. */
export function preservedName(index: number): string {
  return `preserved.${String(index)}`;
}

/** Steps about a life with Node, which these containers don't have. */
function isDropped({ id, from }: Step): boolean {
  // Without a hostname in the configuration the name stays as it is.
  return id === 'process.bind-to-node' || (id === 'namespaces.hostname' && from === 'name');
}

const atCwd = flags({ AT_FDCWD: -100 }, 'AT_FDCWD');
const X_OK = flags({ X_OK: 1 }, 'X_OK');
const AT_EACCESS = flags({ AT_EACCESS: 0x200 }, 'AT_EACCESS');
const O_CLOEXEC = flags({ O_CLOEXEC: 0o2000000 }, 'O_CLOEXEC');
const F_DUPFD_CLOEXEC = flags({ F_DUPFD_CLOEXEC: 1030 }, 'F_DUPFD_CLOEXEC');
const streamSocket = flags({ SOCK_STREAM: 1, SOCK_CLOEXEC: 0o2000000 }, 'SOCK_STREAM', 'SOCK_CLOEXEC');
const AF_UNIX = flags({ AF_UNIX: 1 }, 'AF_UNIX');
const MSG_NOSIGNAL = flags({ MSG_NOSIGNAL: 0x4000 }, 'MSG_NOSIGNAL');
const NULL = flags({ NULL: 0 }, 'NULL');
const UINT_MAX = flags({ UINT_MAX: 4_294_967_295 }, 'UINT_MAX');

/** Descriptor of the launcher, see wire.ts of `@haco/sys`: the plan, and then the socket by which an exec is seen. */
const planFd = 3;

/** Numbers behind the descriptors that the command gets: of what is needed until its exec, and of what means nothing to the launcher. */
function numbersFor(preserved: number) {
  const seen = planFd + preserved;
  return { seen, socket: seen + 1, memory: seen + 2, free: 20 + 2 * preserved };
}

/** The descriptors of the caller come to their numbers; the launcher goes on seeing the exec. */
function movePreserved(preserved: number): readonly Operation[] {
  if (preserved === 0) return [];
  const { seen, free } = numbersFor(preserved);
  return [
    syscall('fcntl', [planFd, F_DUPFD_CLOEXEC, free], { save: 'oci.seen' }),
    // Each comes from behind its place: none is overwritten before its turn.
    ...Array.from({ length: preserved }, (_, index) =>
      syscall('dup3', [{ fd: preservedName(index) }, planFd + index, 0]),
    ),
    syscall('dup3', [slot('oci.seen'), seen, O_CLOEXEC]),
  ];
}

/** In place of the step that closes all: what the command gets is kept. */
function keepPreserved(step: Step, preserved: number): Step {
  if (step.id !== 'process.close' || preserved === 0) return step;
  return {
    ...step,
    label: `close every descriptor but stdin, stdout, stderr and the ${String(preserved)} that are handed on`,
    operations: [...movePreserved(preserved), syscall('close_range', [planFd + preserved + 1, UINT_MAX, 0])],
  };
}

/** `struct sockaddr_un`, padded to whole words. */
function address(name: string): string {
  const bytes = Buffer.alloc(2 + name.length + 1);
  bytes.writeUInt16LE(1, 0);
  bytes.write(name, 2, 'latin1');
  return bytes.toString('base64');
}

function prepareWait(directory: string, name: string, preserved: number): Step {
  const length = 2 + name.length + 1;
  const { free } = numbersFor(preserved);
  return {
    id: 'oci.start-socket',
    phase: 'prepare',
    label: `listen on ${directory}/${name}`,
    why: 'whoever starts the container connects there; nobody else reaches the directory',
    source: 'unix(7)',
    from: 'process',
    operations: [
      // The address of a socket has room for 108 bytes, the directories of engines have more.
      syscall('chdir', [directory]),
      syscall('socket', [AF_UNIX, streamSocket, 0], { save: 'oci.socket' }),
      syscall('bind', [slot('oci.socket'), { bytes: address(name) }, length]),
      syscall('listen', [slot('oci.socket'), 1]),
      // Beyond the numbers that these get later.
      syscall('fcntl', [slot('oci.socket'), F_DUPFD_CLOEXEC, free], { save: 'oci.listening' }),
      syscall('fcntl', [planFd, F_DUPFD_CLOEXEC, free], { save: 'oci.plan' }),
    ],
  };
}

/** The wait, with nothing open but the standard streams and what the start needs. */
function planWait(preserved: number): Step {
  const { socket, memory } = numbersFor(preserved);
  return {
    id: 'oci.wait',
    phase: 'handover',
    label: 'wait for the start',
    why: 'everything is made; the one who starts the container gets the memory in which a failure of the last steps is told, and sees the exec by the end of the connection',
    source: 'accept(2)',
    from: 'process',
    operations: [
      ...movePreserved(preserved),
      syscall('dup3', [slot('oci.listening'), socket, O_CLOEXEC]),
      syscall('dup3', [slot('oci.plan'), memory, O_CLOEXEC]),
      syscall('close_range', [memory + 1, UINT_MAX, 0]),
      syscall('accept4', [socket, NULL, NULL, flags({ SOCK_CLOEXEC: 0o2000000 }, 'SOCK_CLOEXEC')], {
        save: 'oci.starter',
        retry: { errnos: ['EINTR'], times: 1000 },
      }),
      // The shared memory of the plan.
      sendDescriptor(slot('oci.starter'), memory, 'm', MSG_NOSIGNAL),
    ],
  };
}

/** Whether the command is there: to be told while it is created, as engines expect, and not when it is started. */
function planLook(steps: readonly Step[]): readonly Step[] {
  const paths = steps
    .filter(({ phase }) => phase === 'exec')
    .flatMap(({ operations }) => operations)
    .flatMap((operation) => (operation.op === 'syscall' && operation.name === 'execve' ? [operation.args[0]] : []))
    .filter((path): path is string => typeof path === 'string');
  if (paths.length === 0) return [];
  return [
    {
      id: lookStepId,
      phase: 'handover',
      label: `look for ${paths.join(', ')}`,
      why: 'who creates the container is told that its command is missing, not only who starts it',
      source: 'access(2)',
      from: 'process.command',
      operations: paths.map((path, index) => {
        const left = paths.length - 1 - index;
        return syscall('faccessat2', [atCwd, path, X_OK, AT_EACCESS], {
          // Before Linux 5.8 there is no such call: then the exec tells.
          tolerate: left === 0 ? ['ENOSYS'] : ['ENOENT', 'ENOTDIR', 'EACCES', 'ENOSYS'],
          ...(left === 0 ? {} : { skipOnSuccess: left }),
        });
      }),
    },
  ];
}

function barrier(name: string, fields: Pick<Step, 'phase' | 'label' | 'why'>): Step {
  return {
    id: name,
    ...fields,
    from: 'process',
    source: 'https://github.com/opencontainers/runtime-spec',
    operations: [{ op: 'barrier', name }],
  };
}

const isRoot = (arg: Arg | undefined): boolean => typeof arg === 'object' && 'slot' in arg && arg.slot === 'root';

/**
 * What hooks look for where they know it from. A root lies on top of "/", where no path leads to it; and what lies below it is
 * detached: moved aside, it would lie on the /dev that they see.
 */
function forHooks(step: Step, path: string): Step {
  const { id, operations } = step;
  if (id === 'mounts.store-away') {
    return {
      ...step,
      operations: [
        syscall('fchdir', [slot('mounts.store')]),
        syscall('umount2', ['.', flags({ MNT_DETACH: 2 }, 'MNT_DETACH')]),
      ],
    };
  }
  if (id !== 'mounts.root' && id !== 'mounts.store') return step;
  return {
    ...step,
    operations: operations.map((operation) =>
      operation.op === 'syscall' &&
      operation.name === 'move_mount' &&
      isRoot(operation.args[0]) &&
      operation.args[3] === '/'
        ? { ...operation, args: operation.args.map((arg, index) => (index === 3 ? path : arg)) }
        : operation,
    ),
  };
}

/** The steps, with a wait for hooks before the root becomes read-only or is entered: nothing lies on it any more. */
function withHooks(steps: readonly Step[], path: string | undefined): readonly Step[] {
  if (path === undefined) return steps;
  const last = steps.findLastIndex(({ phase }) => wayToMounts.has(phase)) + 1;
  const isLater = ({ id }: Step): boolean => id === 'mounts.readonly';
  // There it is already, and lies on what would be detached.
  const before = /^\/+$/.test(path) ? steps.slice(0, last) : steps.slice(0, last).map((step) => forHooks(step, path));
  const wait = barrier(hooksBarrier, {
    phase: 'mounts',
    label: 'let hooks see the namespaces and the mounts',
    why: 'prestart, createRuntime and createContainer come before the root is entered, and may mount into it',
  });
  return [...before.filter((step) => !isLater(step)), wait, ...before.filter(isLater), ...steps.slice(last)];
}

const wayToMounts: ReadonlySet<Phase> = new Set(['prepare', 'join', 'clone', 'parent', 'identity', 'mounts']);

/** The plan of a container of the runtime. */
export function shapePlan(
  given: readonly Step[],
  {
    waitsIn,
    hooksSee,
    created = false,
    preserved = 0,
    workdir,
    propagation = '',
    mountLabel = '',
    copyUps = [],
  }: PlanShape,
): readonly Step[] {
  // What has begun well is removed by `delete`.
  const steps = withHooks(
    withPropagation(withWorkdir(withMountLabel(withCopyUps(given, copyUps), mountLabel), workdir), propagation),
    hooksSee,
  )
    .filter((step) => !isDropped(step))
    .map((step) => (step.phase === 'undo' ? { ...step, onlyAfterFailure: true as const } : step));
  const last = steps.findIndex(({ id }) => id === 'process.close');
  const end = steps.slice(waitsIn === undefined ? last : last + 1);
  return [
    ...(waitsIn === undefined ? [] : [prepareWait(waitsIn, 'start', preserved)]),
    ...steps.slice(0, last),
    ...planLook(steps),
    ...(created
      ? [
          barrier(createdBarrier, {
            phase: 'handover',
            label: 'tell that the container is complete',
            why: 'its state is written while its process surely exists',
          }),
        ]
      : []),
    ...(waitsIn === undefined ? [] : [planWait(preserved)]),
    ...end.map((step) => keepPreserved(step, preserved)),
  ];
}
