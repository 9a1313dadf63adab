/** The store: a filesystem in memory that is mounted only while the tree is built, with what parts of it are bound from. */
import { flags, openFlags, slot, syscall, type Operation, type Step } from '@haco/plan';
import { AT_FDCWD, mode, moveMountFlags, umountFlags } from './constants.js';
import { contentOf, planContents, store } from './contents.js';
import { planFilesystem } from './filesystem.js';
import { isLayeredHost } from './layer.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';

const here = 'mounts.here';

/** Name in it of an empty directory. */
export const emptyDirectory = 'empty';

function isNeeded(section: MountsSection, situation: Situation): boolean {
  const { entries, masked = [] } = section;
  return (
    masked.length > 0 ||
    entries.some(({ kind }) => kind === 'file' || kind === 'overlay') ||
    isLayeredHost(section, situation)
  );
}

/** The size that was asked for what the container writes, and a page for each thing that is kept besides. */
function sizeOf({ rootfs, entries }: MountsSection): number | undefined {
  if (rootfs === undefined || 'path' in rootfs || rootfs.overlay.size === undefined) return undefined;
  const files = entries.map((entry) => (entry.kind === 'file' ? contentOf(entry).length : 0));
  return files.reduce((sum, size) => sum + size + 4096, rootfs.overlay.size);
}

/**
 * Make and fill it. It lies on top of the root, where it hides nothing, because path lookups start below it: before Linux 6.15
 * only what is attached can be bound.
 */
export function planStore(section: MountsSection, situation: Situation): readonly Step[] {
  if (!isNeeded(section, situation)) return [];
  const size = isLayeredHost(section, situation) ? sizeOf(section) : undefined;
  return [
    {
      id: 'mounts.store',
      phase: 'mounts',
      label: 'keep in memory what the tree takes from there: contents of files, writable layers, an empty directory',
      why: 'sources that nobody else can reach can be neither changed nor exchanged (CVE-2025-31133)',
      operations: [
        // Without a root of its own, the container stays where its caller was.
        ...(section.rootfs === undefined
          ? [
              syscall('openat', [AT_FDCWD, '.', flags(openFlags(situation.host.arch), 'O_PATH', 'O_CLOEXEC'), 0], {
                save: here,
              }),
            ]
          : []),
        ...planFilesystem({
          type: 'tmpfs',
          options: [['mode', '0700'], ...(size === undefined ? [] : [['size', String(size)] as const])],
          attributes: { nosuid: true },
          save: store,
        }),
        syscall('mkdirat', [slot(store), emptyDirectory, mode(0o755)]),
        ...planContents(section, situation),
        syscall('move_mount', [
          slot(store),
          '',
          slot('root'),
          '',
          flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
        ]),
      ],
      from: 'mounts',
      needs: [situation.mayMount],
      requires: ['open_tree'],
      source: 'tmpfs(5)',
    },
  ];
}

/** By the working directory: umount2(2) takes no descriptor, and no path leads there. */
function planDetach(stays: boolean): readonly Operation[] {
  return [
    syscall('fchdir', [slot(store)]),
    syscall('umount2', ['.', flags(umountFlags, 'MNT_DETACH')]),
    ...(stays ? [syscall('fchdir', [slot(here)])] : []),
  ];
}

/** Into a directory of the old root, with which it will go. */
function planMoveAside(): Operation {
  return syscall('move_mount', [slot(store), '', AT_FDCWD, '/dev', flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')], {
    tolerate: ['ENOENT'],
    skipOnSuccess: planDetach(false).length,
  });
}

/** Take it away: what was bound from it stays, it has no place in the tree any more. */
export function planStoreAway(section: MountsSection, situation: Situation): readonly Step[] {
  if (!isNeeded(section, situation)) return [];
  const stays = section.rootfs === undefined;
  const pivots = !stays && situation.entry === 'pivot_root';
  return [
    {
      id: 'mounts.store-away',
      phase: 'mounts',
      label: pivots ? 'move the store into the old root, which goes next' : 'detach the store again',
      why: pivots
        ? 'what is bound stays, and nothing else of it can be reached; each detaching waits for all processors, one is enough'
        : 'what is bound stays, and nothing else of it can be reached',
      operations: [...(pivots ? [planMoveAside()] : []), ...planDetach(stays)],
      from: 'mounts',
      needs: [situation.mayMount],
      source: pivots ? 'move_mount(2)' : 'umount(2)',
    },
  ];
}
