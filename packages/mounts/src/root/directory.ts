/** A root that is a directory of the host. */
import { flags, openFlags, slot, syscall, type Operation, type Step } from '@haco/plan';
import { planAttributes } from '../attributes.js';
import { AT_FDCWD, moveMountFlags, openTreeFlags } from '../constants.js';
import type { Situation } from '../situation.js';

/** Open the directory as it is: for chroot(2) without mounts of one's own, and for mounts on the host's own root. */
export function planOpenRoot(path: string, situation: Situation, from: string): Step {
  return {
    id: 'mounts.root',
    // With a mount namespace of others, the path is one of theirs.
    phase: situation.hasMounts ? 'mounts' : 'prepare',
    label: `open the root directory ${path}`,
    why: 'from here on it is reached by its descriptor, so that nothing can take its place',
    operations: [
      syscall(
        'openat',
        [AT_FDCWD, path, flags(openFlags(situation.host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), 0],
        { save: 'root' },
      ),
    ],
    from,
    source: 'open(2)',
  };
}

/** On top of `/` it hides nothing but from links with `..` that reach the root, because path lookups start below it. */
export function onTop(mount: string): Operation {
  return syscall('move_mount', [slot(mount), '', AT_FDCWD, '/', flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')]);
}

/** The same with a copy that was made elsewhere, with its attributes: the slot has it already. */
export function planIdmappedRoot(path: string, situation: Situation, attach: readonly Operation[]): Step {
  return {
    id: 'mounts.root',
    phase: 'mounts',
    label: `take the idmapped copy of ${path} as the new root`,
    why: 'pivot_root(2) wants a mount of its own; owners on the disk stay as they are',
    operations: attach,
    from: 'mounts.rootfs',
    needs: [situation.mayMount],
    requires: ['open_tree'],
    source: 'pivot_root(2)',
  };
}

/** Make a copy of the directory's mounts and put it on top of `/`: pivot_root(2) wants a mount, and nothing else may be changed. */
export function planDirectoryRoot(
  path: string,
  readonly: boolean,
  situation: Situation,
  attach: readonly Operation[],
): Step {
  return {
    id: 'mounts.root',
    phase: 'mounts',
    label: `copy the mounts of ${path} as the new root${readonly ? ', read-only' : ''}`,
    why: 'pivot_root(2) wants a mount of its own, and what is restricted or mounted in the copy leaves the host as it is',
    operations: [
      syscall(
        'open_tree',
        [AT_FDCWD, path, flags(openTreeFlags, 'OPEN_TREE_CLONE', 'AT_RECURSIVE', 'OPEN_TREE_CLOEXEC')],
        { save: 'root' },
      ),
      ...planAttributes({ mount: 'root', attributes: { readonly }, recursive: true }),
      ...attach,
    ],
    from: 'mounts.rootfs',
    needs: [situation.mayMount],
    requires: ['open_tree', ...(readonly ? ['mount_setattr'] : [])],
    source: 'pivot_root(2)',
  };
}
