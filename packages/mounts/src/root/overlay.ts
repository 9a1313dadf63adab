/** A root with a writable layer: an overlay over a tmpfs that only the container's mounts know, or over a directory that keeps it. */
import { flags, formatBytes, openFlags, quote, slot, syscall, type Operation, type Step } from '@haco/plan';
import { AT_FDCWD, atFlags, mode, moveMountFlags, openTreeFlags, umountFlags } from '../constants.js';
import { idmappedLowerSlot } from '../idmapped.js';
import { planFilesystem } from '../filesystem.js';
import type { MountsSection } from '../section.js';
import type { Situation } from '../situation.js';
import { onTop } from './directory.js';

/** What the overlay is made of. */
export interface Overlay {
  readonly lower: readonly string[];
  readonly size?: number;
  readonly keep?: string;
}

/** A path in the option string of overlayfs: colons separate, commas end, backslashes escape. */
export function escapeLayer(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}

const scratch = 'mounts.scratch';

/** Names of the lower directories in the working directory, where their idmapped copies are attached. */
function lowerNames({ lower }: Overlay): readonly string[] {
  return lower.map((_, index) => `lower${String(index)}`);
}

/** Attach the idmapped copies in the working directory: overlayfs takes its layers by path. */
function attachLower(overlay: Overlay): readonly Operation[] {
  return lowerNames(overlay).flatMap((name, index) => [
    syscall('mkdirat', [AT_FDCWD, name, mode(0o755)]),
    syscall('move_mount', [
      slot(idmappedLowerSlot(index)),
      '',
      AT_FDCWD,
      name,
      flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH'),
    ]),
  ]);
}

/** Mount it on a directory of the working directory, and keep a copy of that mount. */
function planMount({ lower, keep }: Overlay, on: string, options: readonly string[], place = ''): readonly Operation[] {
  const upper = [`upperdir=${place}upper`, `workdir=${place}work`];
  const data = [`lowerdir=${lower.map(escapeLayer).join(':')}`, ...upper, ...options].join(',');
  return [
    // The source is what mountinfo shows: by it the one who keeps the layer knows that it is in use.
    syscall('mount', [keep ?? 'overlay', on, 'overlay', 0, data]),
    syscall('open_tree', [AT_FDCWD, on, flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')], {
      save: 'root',
    }),
  ];
}

/**
 * A layer that is kept must say by itself what was changed, for those who read it later: no renames that refer to the lower
 * directory, no copies of attributes only.
 */
const readableLayer = ['redirect_dir=nofollow', 'metacopy=off', 'index=off'];

/** In a user namespace trusted.* attributes are out of reach, which overlayfs needs to hide what was removed. */
function attributeOptions({ inUserNamespace }: Situation): readonly string[] {
  return inUserNamespace ? ['userxattr'] : [];
}

/**
 * The step. Overlayfs takes its layers by path, and before Linux 6.15 only from mounts that are attached. So the scratch tmpfs is
 * attached, and made the working directory: its layers have names that need no path. Once the overlay holds on to them the scratch
 * goes away again, otherwise it would lie on top of the old root when that is to be detached, and be detached in its place. mount(2)
 * rather than fsconfig(2), whose strings end at 255 bytes.
 */
function planScratch(overlay: Overlay, isIdmapped: boolean, situation: Situation): readonly Operation[] {
  const { size, keep } = overlay;
  const [own, place, plain] =
    keep === undefined ? [['upper', 'work'], '', []] : [[], `${escapeLayer(keep)}/`, readableLayer];
  return [
    ...planFilesystem({
      type: 'tmpfs',
      options: [['mode', '0755'], ...(size === undefined ? [] : [['size', String(size)] as const])],
      save: scratch,
    }),
    onTop(scratch),
    ...[...own, 'root'].map((name) => syscall('mkdirat', [slot(scratch), name, mode(0o755)])),
    syscall('fchdir', [slot(scratch)]),
    ...(isIdmapped ? attachLower(overlay) : []),
    ...planMount(
      isIdmapped ? { ...overlay, lower: lowerNames(overlay) } : overlay,
      'root',
      [...plain, ...attributeOptions(situation)],
      place,
    ),
    syscall('umount2', ['.', flags(umountFlags, 'MNT_DETACH')]),
  ];
}

/** The same with a directory of the host, which is all that is needed as long as the lower directories have paths of their own. */
function planKept(overlay: Overlay, keep: string, situation: Situation): readonly Operation[] {
  const directory = flags(openFlags(situation.host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
  return [
    syscall('openat', [AT_FDCWD, keep, directory, 0], { save: scratch }),
    syscall('fchdir', [slot(scratch)]),
    // On its own upper directory, so that no other is needed; taken away again, it shows that directory to nobody.
    ...planMount(overlay, 'upper', [...readableLayer, ...attributeOptions(situation)]),
    syscall('umount2', ['upper', flags(umountFlags, 'MNT_DETACH')]),
  ];
}

/** The directories of a layer that is kept, made by the one who keeps it. */
export function planKeep({ rootfs }: MountsSection, { inUserNamespace, rootOutside }: Situation): readonly Step[] {
  if (rootfs === undefined || 'path' in rootfs || rootfs.overlay.keep === undefined) return [];
  const { keep } = rootfs.overlay;
  const directories = [
    ['', 0o700],
    ['/upper', 0o755],
    ['/work', 0o755],
  ] as const;
  // Where root inside is somebody else outside, that one writes them.
  const owner = inUserNamespace ? rootOutside : undefined;
  return [
    {
      id: 'mounts.keep',
      phase: 'prepare',
      label: `make sure that ${keep} can keep the writable layer`,
      why: 'an overlay takes its upper and its work directory from one filesystem, both there before',
      operations: [
        ...directories.flatMap(([below, permissions]) => {
          const path = `${keep}${below}`;
          const own = [
            // The mask of the caller must not decide who may enter the container's root.
            syscall('fchmodat', [AT_FDCWD, path, mode(permissions)]),
            ...(owner === undefined
              ? []
              : [syscall('fchownat', [AT_FDCWD, path, owner.uid, owner.gid, flags(atFlags, 'AT_SYMLINK_NOFOLLOW')])]),
          ];
          return [
            syscall('mkdirat', [AT_FDCWD, path, mode(permissions)], {
              tolerate: ['EEXIST'],
              skipOnTolerated: own.length,
            }),
            ...own,
          ];
        }),
      ],
      from: 'mounts.rootfs.overlay.keep',
      source: 'https://docs.kernel.org/filesystems/overlayfs.html',
    },
  ];
}

/** The step. */
export function planOverlayRoot(
  overlay: Overlay,
  isIdmapped: boolean,
  situation: Situation,
  attach: readonly Operation[],
): Step {
  const { lower, size, keep } = overlay;
  const most = size === undefined ? '' : ` of ${formatBytes(size)}`;
  const what = keep === undefined ? `a throw-away writable layer${most}` : `the writable layer of ${quote(keep)}`;
  return {
    id: 'mounts.root',
    phase: 'mounts',
    label: `lay ${what} over ${lower.map(quote).join(', ')}${isIdmapped ? ', idmapped' : ''}`,
    why:
      keep === undefined
        ? 'the container may change everything and the host sees none of it; filesystems that the host mounts below are not part of it and appear empty'
        : 'the container may change everything, and what it changed stays beside the directory until it is committed or discarded; filesystems that the host mounts below are not part of it and appear empty',
    operations: [
      ...(keep === undefined || isIdmapped
        ? planScratch(overlay, isIdmapped, situation)
        : planKept(overlay, keep, situation)),
      ...attach,
    ],
    from: 'mounts.rootfs',
    needs: [situation.mayMount],
    requires: ['open_tree'],
    source: 'https://docs.kernel.org/filesystems/overlayfs.html',
  };
}
