/** A root that is a directory of the host. */
import { flags, openFlags, slot, syscall, type Step } from '@haco/plan';
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

/** Make a copy of the directory's mounts and put it on top of `/`: pivot_root(2) wants a mount, and nothing else may be changed. */
export function planDirectoryRoot(path: string, readonly: boolean, situation: Situation): Step {
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
      // On top of "/" it hides nothing: path lookups start below it.
      syscall('move_mount', [slot('root'), '', AT_FDCWD, '/', flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')]),
    ],
    from: 'mounts.rootfs',
    needs: [situation.mayMount],
    requires: ['open_tree', ...(readonly ? ['mount_setattr'] : [])],
    source: 'pivot_root(2)',
  };
}
