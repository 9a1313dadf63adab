/** The store: a filesystem in memory that is mounted only while the tree is built, with what parts of it are bound from. */
import { flags, slot, syscall, type Operation, type Step } from '@haco/plan';
import { AT_FDCWD, fcntlCommands, mode, moveMountFlags, openTreeFlags } from './constants.js';
import { contentOf, nameOf, planContents, store } from './contents.js';
import { isLayeredHost } from './layer.js';
import { onTop } from './root/directory.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';
import { planDetach, planMeanwhile, planStoreMount } from './store-mount.js';

/** Name in it of an empty directory. */
export const emptyDirectory = 'empty';

const emptyCopy = 'mounts.copy.empty';

/** Slot of a file's mount in a container without a root of its own. */
function copyOf(index: number): string {
  return `mounts.copy.${String(index)}`;
}

const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');

/** Whether there is one. Layers of a container without a root have one each. */
export function needsStore(section: MountsSection, situation: Situation): boolean {
  const { entries, masked = [] } = section;
  return (
    masked.length > 0 ||
    entries.some(({ kind }) => kind === 'file' || (kind === 'overlay' && situation.hasRoot)) ||
    isLayeredHost(section, situation)
  );
}

/** The size that was asked for what the container writes, and a page for each thing that is kept besides. */
function sizeOf({ rootfs, entries }: MountsSection): number | undefined {
  if (rootfs === undefined || 'path' in rootfs || rootfs.overlay.size === undefined) return undefined;
  const files = entries.map((entry) => (entry.kind === 'file' ? contentOf(entry).length : 0));
  return files.reduce((sum, size) => sum + size + 4096, rootfs.overlay.size);
}

/** What is bound from it later. */
function planCopies({ entries, masked = [] }: MountsSection): readonly Operation[] {
  const copy = (name: string, save: string) => syscall('open_tree', [slot(store), name, clone], { save });
  return [
    ...(masked.length > 0 ? [copy(emptyDirectory, emptyCopy)] : []),
    ...entries.flatMap(({ kind }, index) => (kind === 'file' ? [copy(nameOf(index), copyOf(index))] : [])),
  ];
}

/**
 * Make and fill it. Before Linux 6.15 only what is attached can be bound, and on a root it would lie in the way of links with `..`
 * that reach it, as the `/var/run -> ../run` of an image: so it is attached below the new root. Without one, it is gone before any
 * path is looked for.
 */
export function planStore(section: MountsSection, situation: Situation): readonly Step[] {
  if (!needsStore(section, situation)) return [];
  const size = isLayeredHost(section, situation) ? sizeOf(section) : undefined;
  const filled = [
    ...planStoreMount(size),
    syscall('mkdirat', [slot(store), emptyDirectory, mode(0o755)]),
    ...planContents(section, situation),
    onTop(store),
  ];
  return [
    {
      id: 'mounts.store',
      phase: 'mounts',
      label: 'keep in memory what the tree takes from there: contents of files, writable layers, an empty directory',
      why: 'sources that nobody else can reach can be neither changed nor exchanged (CVE-2025-31133)',
      operations: situation.hasRoot
        ? [...filled, onTop('root')]
        : planMeanwhile(situation, [...filled, ...planCopies(section)]),
      from: 'mounts',
      needs: [situation.mayMount],
      requires: ['open_tree'],
      source: 'tmpfs(5)',
    },
  ];
}

/** A mount of a file's content. */
export function planFileMount({ hasRoot }: Situation, index: number): readonly [mount: string, ...Operation[]] {
  if (!hasRoot) return [copyOf(index)];
  const save = 'mounts.new';
  return [save, syscall('open_tree', [slot(store), nameOf(index), clone], { save })];
}

/** A mount of the empty directory. Without a root there is one that isn't attached at first, and can be copied when it is. */
export function planEmptyMount({ hasRoot }: Situation, save: string): readonly Operation[] {
  if (hasRoot) return [syscall('open_tree', [slot(store), emptyDirectory, clone], { save })];
  const copy = flags(openTreeFlags, 'AT_EMPTY_PATH', 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return [
    syscall('open_tree', [slot(emptyCopy), '', copy], { save, tolerate: ['EINVAL'], skipOnSuccess: 1 }),
    syscall('fcntl', [slot(emptyCopy), flags(fcntlCommands, 'F_DUPFD_CLOEXEC'), 0], { save }),
  ];
}

/** Into a directory of the old root, with which it will go; the new root, which lies on it, back to where it was. */
function planMoveAside(): readonly Operation[] {
  const moveTo = (
    directory: string,
    fields: { readonly tolerate?: readonly 'ENOENT'[]; readonly skipOnSuccess?: number },
  ) =>
    syscall(
      'move_mount',
      [slot(store), '', AT_FDCWD, directory, flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')],
      fields,
    );
  return [moveTo('/dev', { tolerate: ['ENOENT'], skipOnSuccess: 1 }), moveTo('/proc', {}), onTop('root')];
}

/** Take it away: what was bound from it stays, it has no place in the tree any more. */
export function planStoreAway(section: MountsSection, situation: Situation): readonly Step[] {
  if (!needsStore(section, situation) || !situation.hasRoot) return [];
  const pivots = situation.entry === 'pivot_root';
  return [
    {
      id: 'mounts.store-away',
      phase: 'mounts',
      label: pivots ? 'move the store into the old root, which goes next' : 'detach the store again',
      why: pivots
        ? 'what is bound stays, and nothing else of it can be reached; each detaching waits for all processors, one is enough'
        : 'what is bound stays, and nothing else of it can be reached',
      operations: [...planMoveAside(), ...(pivots ? [] : planDetach())],
      from: 'mounts',
      needs: [situation.mayMount],
      source: 'move_mount(2)',
    },
  ];
}
