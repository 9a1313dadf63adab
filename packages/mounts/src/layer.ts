/** A writable layer over a directory of the container, kept in memory: an overlay whose lower directory is what is there. */
import { flags, slot, syscall, type Operation } from '@haco/plan';
import { mode, moveMountFlags, openTreeFlags } from './constants.js';
import { store } from './contents.js';
import type { MountsSection } from './section.js';
import { onTop } from './root/directory.js';
import type { Situation } from './situation.js';
import { planMeanwhile, planStoreMount } from './store-mount.js';
import { planFind, planFindDirectory } from './target.js';

/** One layer. */
export interface Layer {
  /** Absolute path inside. */
  readonly path: string;
  /** Permissions of the directory as the container sees it: those of what lies below don't show through. */
  readonly mode: number;
  /** Passed over where the path isn't a directory of its own, or where mounts lie below that can't be uncovered. */
  readonly optional: boolean;
}

/**
 * Directories of a host that hold files of people and of programs. In a user namespace there is no overlay of `/` itself, but each
 * of these can have a layer of its own.
 */
const hostDirectories: readonly (readonly [path: string, mode: number])[] = [
  ['/etc', 0o755],
  ['/home', 0o755],
  ['/mnt', 0o755],
  ['/opt', 0o755],
  ['/root', 0o700],
  ['/run', 0o755],
  ['/srv', 0o755],
  ['/tmp', 0o1777],
  ['/usr', 0o755],
  ['/var', 0o755],
];

/** Whether the root is the host's tree with layers, because there can be no overlay of it as a whole. */
export function isLayeredHost({ rootfs }: MountsSection, { inUserNamespace }: Situation): boolean {
  if (rootfs === undefined || 'path' in rootfs || !inUserNamespace) return false;
  const { lower, keep } = rootfs.overlay;
  return lower.length === 1 && lower[0] === '/' && keep === undefined;
}

/** The layers over the host's tree. */
export const hostLayers: readonly Layer[] = hostDirectories.map(([path, permissions]) => ({
  path,
  mode: permissions,
  optional: true,
}));

/**
 * Make it. Overlayfs takes its directories by name: all of them get one in the store (or, without a root, in one of its own), which is
 * made the working directory, so no name of the root or of the host takes part. A copy of the directory without the mounts below is refused in a user namespace where
 * that would uncover something (EINVAL).
 */
export function planLayer(
  situation: Situation,
  { path, mode: permissions, optional }: Layer,
  id: string,
): readonly Operation[] {
  const names = (['lower', 'upper', 'work'] as const).map((name) => [name, `${name}.${id}`] as const);
  const data = [
    ...names.map(([name, directory]) => `${name}dir=${directory}`),
    // In a user namespace trusted.* attributes are out of reach, which overlayfs needs to hide what was removed.
    ...(situation.inUserNamespace ? ['userxattr'] : []),
  ].join(',');
  const place = 'mounts.target';
  const attach = (mount: string, directory: string): Operation =>
    syscall('move_mount', [
      slot(mount),
      '',
      slot(directory),
      directory === store ? `lower.${id}` : '',
      directory === store
        ? flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')
        : flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
    ]);
  const below = [
    syscall('mkdirat', [slot(store), `lower.${id}`, mode(0o755)]),
    ...(situation.hasRoot ? [] : [onTop(store)]),
    attach('mounts.lower', store),
    syscall('mkdirat', [slot(store), `upper.${id}`, mode(permissions)]),
    syscall('mkdirat', [slot(store), `work.${id}`, mode(0o755)]),
    syscall('fchdir', [slot(store)]),
    // On its own work directory, where nobody looks for it.
    syscall('mount', ['overlay', `work.${id}`, 'overlay', 0, data]),
    syscall('open_tree', [slot(store), `work.${id}`, flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')], {
      save: 'mounts.new',
    }),
  ];
  const make = [
    ...(situation.hasRoot ? below : planMeanwhile(situation, [...planStoreMount(), ...below])),
    attach('mounts.new', place),
  ];
  const copy = syscall(
    'open_tree',
    [slot(place), '', flags(openTreeFlags, 'AT_EMPTY_PATH', 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')],
    { save: 'mounts.lower', ...(optional ? { tolerate: ['EINVAL'], skipOnTolerated: make.length } : {}) },
  );
  return [
    optional
      ? planFind(situation, path, place, { skip: make.length + 1, only: 'own-directory' })
      : planFindDirectory(situation, path, place),
    copy,
    ...make,
  ];
}
