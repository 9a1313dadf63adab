/** A throw-away root: an overlay whose writable layer is a tmpfs that only the container's mounts know. */
import { flags, formatBytes, quote, slot, syscall, type Operation, type Step } from '@haco/plan';
import { AT_FDCWD, mode, moveMountFlags, openTreeFlags, umountFlags } from '../constants.js';
import { planFilesystem } from '../filesystem.js';
import type { Situation } from '../situation.js';

/** What the overlay is made of. */
export interface Overlay {
  readonly lower: readonly string[];
  readonly size?: number;
}

/** A path in the option string of overlayfs: colons separate, commas end, backslashes escape. */
export function escapeLayer(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}

/**
 * The step. Overlayfs takes its layers by path, and before Linux 6.15 only from mounts that are attached. So the scratch tmpfs is
 * put on top of `/`, where it hides nothing, because path lookups start below it; by the working directory its layers have names
 * that need no path. Once the overlay holds on to them the scratch goes away again, otherwise it would lie on top of the old root
 * when that is to be detached, and be detached in its place. mount(2) rather than fsconfig(2), whose strings end at 255 bytes.
 */
export function planOverlayRoot({ lower, size }: Overlay, situation: Situation): Step {
  const scratch = 'mounts.scratch';
  const onTop = (mount: string): Operation =>
    syscall('move_mount', [slot(mount), '', AT_FDCWD, '/', flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')]);
  const data = [
    `lowerdir=${lower.map(escapeLayer).join(':')}`,
    'upperdir=upper',
    'workdir=work',
    // In a user namespace trusted.* attributes are out of reach, which overlayfs needs to hide what was removed.
    ...(situation.inUserNamespace ? ['userxattr'] : []),
  ].join(',');
  const most = size === undefined ? '' : ` of ${formatBytes(size)}`;
  return {
    id: 'mounts.root',
    phase: 'mounts',
    label: `lay a throw-away writable layer${most} over ${lower.map(quote).join(', ')}`,
    why: 'the container may change everything and the host sees none of it; filesystems that the host mounts below are not part of it and appear empty',
    operations: [
      ...planFilesystem({
        type: 'tmpfs',
        options: [['mode', '0755'], ...(size === undefined ? [] : [['size', String(size)] as const])],
        save: scratch,
      }),
      onTop(scratch),
      ...['upper', 'work', 'root'].map((name) => syscall('mkdirat', [slot(scratch), name, mode(0o755)])),
      syscall('fchdir', [slot(scratch)]),
      syscall('mount', ['overlay', 'root', 'overlay', 0, data]),
      syscall('open_tree', [AT_FDCWD, 'root', flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')], {
        save: 'root',
      }),
      syscall('umount2', ['.', flags(umountFlags, 'MNT_DETACH')]),
      onTop('root'),
    ],
    from: 'mounts.rootfs',
    needs: [situation.mayMount],
    requires: ['open_tree'],
    source: 'https://docs.kernel.org/filesystems/overlayfs.html',
  };
}
