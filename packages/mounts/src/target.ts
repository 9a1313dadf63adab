/** Where a mount goes: found below the container's root, never by a path that the rootfs could bend, and made if it may be made. */
import {
  flags,
  openat2,
  openFlags,
  slot,
  syscall,
  type Operation,
  type SyscallOperation,
  nothing,
  plain as ownOf,
} from '@haco/plan';
import { mode, moveMountFlags } from './constants.js';
import type { Situation } from './situation.js';

/** A place in the container's tree. */
export interface Target {
  /** Absolute path inside. */
  readonly path: string;
  /**
   * The nearest mount above that is the container's own and vanishes with it (an overlay or tmpfs), as a path inside. Below it
   * a missing target is made; without one, a missing target is an error, since the host's tree isn't ours to change.
   */
  readonly throwAway?: string;
  /** What to make: a directory, or what the mount in this slot is. */
  readonly like: 'directory' | 'file' | { readonly slot: string };
  /** No part of the path may be a symbolic link. */
  readonly plain?: true;
}

const found = 'mounts.target';

function openBelow(
  { host }: Situation,
  base: string,
  path: string,
  save: string,
  stay: boolean,
  given: { readonly skipOnSuccess?: number; readonly plain?: boolean; readonly directory?: boolean } = nothing,
): SyscallOperation {
  const tolerant = ownOf(given);
  const open = flags(
    openFlags(host.arch),
    'O_PATH',
    ...(tolerant.directory === true ? (['O_DIRECTORY'] as const) : []),
    'O_CLOEXEC',
  );
  const resolve = [
    'RESOLVE_IN_ROOT',
    'RESOLVE_NO_MAGICLINKS',
    ...(stay ? (['RESOLVE_NO_XDEV'] as const) : []),
    ...(tolerant.plain === true ? (['RESOLVE_NO_SYMLINKS'] as const) : []),
  ] as const;
  return openat2(
    slot(base),
    path,
    { open, resolve },
    {
      save,
      ...(tolerant.skipOnSuccess === undefined ? {} : { tolerate: ['ENOENT'], skipOnSuccess: tolerant.skipOnSuccess }),
    },
  );
}

/** Make the last component: a directory, or an empty file when the source isn't a directory. */
function makeLast(situation: Situation, parent: string, name: string, like: Target['like']): readonly Operation[] {
  const directory = syscall('mkdirat', [slot(parent), name, mode(0o755)], { tolerate: ['EEXIST'] });
  if (like === 'directory') return [directory];
  const open = openFlags(situation.host.arch);
  const file = syscall('mknodat', [slot(parent), name, mode(0o644, 'S_IFREG'), 0], { tolerate: ['EEXIST'] });
  if (like === 'file') return [file];
  return [
    // Whether the source is a directory isn't known when the plan is made: "." exists in directories only.
    syscall('openat', [slot(like.slot), '.', flags(open, 'O_PATH', 'O_CLOEXEC'), 0], {
      save: 'mounts.probe',
      tolerate: ['ENOTDIR'],
      skipOnTolerated: 1,
    }),
    { ...directory, skipOnSuccess: 1, skipOnTolerated: 1 },
    file,
  ];
}

/** Everything that makes a missing target below a throw-away mount. It never leaves that mount (RESOLVE_NO_XDEV). */
function makeMissing(situation: Situation, { path, throwAway = '/', like }: Target): readonly Operation[] {
  const components = path
    .slice(throwAway.length)
    .split('/')
    .filter((component) => component !== '');
  const base = throwAway === '/' ? 'root' : 'mounts.base';
  const openBase = throwAway === '/' ? [] : [openBelow(situation, 'root', throwAway, base, false)];
  let parent = base;
  const steps = components.flatMap((name, index): readonly Operation[] => {
    const here = parent;
    if (index === components.length - 1) return makeLast(situation, here, name, like);
    parent = 'mounts.parent';
    return [
      syscall('mkdirat', [slot(here), name, mode(0o755)], { tolerate: ['EEXIST'] }),
      openBelow(situation, base, components.slice(0, index + 1).join('/'), parent, true),
    ];
  });
  return [...openBase, ...steps];
}

/** Open a target, in the slot `mounts.target`. */
export function planOpenTarget(situation: Situation, given: Target): readonly Operation[] {
  const target = ownOf(given);
  const plain = target.plain === true;
  const find = openBelow(situation, 'root', target.path, found, false, { plain });
  if (target.throwAway === undefined) return [find];
  const make = [...makeMissing(situation, target), find];
  return [openBelow(situation, 'root', target.path, found, false, { skipOnSuccess: make.length, plain }), ...make];
}

/** Attach the mount in a slot to its target. The target stays in the slot `mounts.target`. */
export function planAttach(situation: Situation, mount: string, target: Target): readonly Operation[] {
  const attach = syscall('move_mount', [
    slot(mount),
    '',
    slot(found),
    '',
    flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
  ]);
  return [...planOpenTarget(situation, target), attach];
}

/** What {@link planFind} passes over. */
export interface Search {
  /** How many operations are left out when it isn't there. */
  readonly skip: number;
  /** Only a directory that isn't reached through a link counts as there. */
  readonly only?: 'own-directory';
}

/** Find a path below the root, following links only within it, for something that is there or else not needed. */
export function planFind(situation: Situation, path: string, save: string, search: Search): SyscallOperation {
  const { skip, only } = ownOf(search);
  const own = only === 'own-directory';
  return {
    ...openBelow(situation, 'root', path, save, false, { plain: own, directory: own }),
    tolerate: ['ENOENT', 'ENOTDIR', ...(own ? ['ELOOP'] : [])],
    skipOnTolerated: skip,
  };
}

/** Find a directory below the root. */
export function planFindDirectory(situation: Situation, path: string, save: string): SyscallOperation {
  return openBelow(situation, 'root', path, save, false, { directory: true });
}

/** Attach the mount in a slot to a name in a directory that this plan has made itself. */
export function planAttachIn(
  situation: Situation,
  mount: string,
  directory: string,
  name: string,
): readonly Operation[] {
  const open = flags(openFlags(situation.host.arch), 'O_PATH', 'O_NOFOLLOW', 'O_CLOEXEC');
  return [
    syscall('openat', [slot(directory), name, open, 0], { save: found }),
    syscall('move_mount', [
      slot(mount),
      '',
      slot(found),
      '',
      flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
    ]),
  ];
}
