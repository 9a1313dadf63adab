/** Namespaces that outlive the container: bound to a file by the launcher while the container's process exists. */
import { flags, openFlags, slot, syscall, type Operation, type PlanContext, type Step } from '@haco/plan';
import { AT_FDCWD, fcntlCommands, moveMountFlags, NS_GET_NSTYPE, openTreeFlags, umountFlags } from './constants.js';
import { rowOf } from './kinds.js';
import type { NamespacesSection, Persisted } from './section.js';

/** Descriptors that tell the undo phase what was done; each persisted namespace has its own. */
const madeSlot = (index: number): string => `namespaces.persist.made.${String(index)}`;
const treeSlot = (index: number): string => `namespaces.persist.tree.${String(index)}`;

function planOne({ kind, path }: Persisted, index: number, { host }: PlanContext): Step {
  const open = openFlags(host.arch);
  const file = 'namespaces.persist.file';
  const directory = 'namespaces.persist.child';
  const tree = 'namespaces.persist.tree';
  const note =
    kind === 'mount'
      ? '; the kernel refuses it (EINVAL) where the mount that holds the file is shared: mount something private there first'
      : '';
  return {
    id: `namespaces.persist.${kind}`,
    phase: 'parent',
    label: `keep the ${kind} namespace as ${path}`,
    why: `a namespace lives as long as it has processes or a mount; the file can be entered later${note}`,
    operations: [
      syscall(
        'openat',
        [
          AT_FDCWD,
          path,
          flags(open, 'O_RDONLY', 'O_CREAT', 'O_EXCL', 'O_NOFOLLOW', 'O_CLOEXEC'),
          { flags: ['0600'], value: 0o600 },
        ],
        { save: madeSlot(index), tolerate: ['EEXIST'] },
      ),
      syscall('openat', [AT_FDCWD, { procPath: 'child' }, flags(open, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), 0], {
        save: directory,
      }),
      syscall(
        'open_tree',
        [slot(directory), `ns/${rowOf(kind).file}`, flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')],
        { save: tree },
      ),
      syscall('close', [slot(directory)]),
      syscall('openat', [AT_FDCWD, path, flags(open, 'O_RDONLY', 'O_NOFOLLOW', 'O_CLOEXEC'), 0], { save: file }),
      // A namespace that was left there earlier is replaced: mounts must not pile up. Any other file says ENOTTY. The new one is at hand
      // by then, so that an end of the container's process, as when Node is killed, can't leave neither.
      syscall('ioctl', [slot(file), NS_GET_NSTYPE, 0], { tolerate: ['ENOTTY'], skipOnTolerated: 1 }),
      syscall('umount2', [path, flags(umountFlags, 'MNT_DETACH', 'UMOUNT_NOFOLLOW')]),
      syscall('close', [slot(file)]),
      syscall('move_mount', [slot(tree), '', AT_FDCWD, path, flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')]),
      syscall('fcntl', [slot(tree), flags(fcntlCommands, 'F_DUPFD_CLOEXEC'), 3], { save: treeSlot(index) }),
      syscall('close', [slot(tree)]),
    ],
    from: `namespaces.persist[${String(index)}]`,
    needs: [{ capability: 'sys_admin', over: 'host' }],
    requires: ['open_tree'],
    source: 'namespaces(7)',
  };
}

/** A start that fails after this point leaves no namespace, mount or file behind. */
function planUndo({ kind, path }: Persisted, index: number): Step {
  // EBADF: it didn't come that far.
  const unlessDone = (slotName: string): Operation =>
    syscall('fcntl', [slot(slotName), flags(fcntlCommands, 'F_GETFD'), 0], { tolerate: ['EBADF'], skipOnTolerated: 1 });
  return {
    id: `namespaces.unpersist.${kind}`,
    phase: 'undo',
    onlyAfterFailure: true,
    label: `let go of the ${kind} namespace at ${path}`,
    why: 'a start that has failed leaves nothing behind',
    operations: [
      unlessDone(treeSlot(index)),
      syscall('umount2', [path, flags(umountFlags, 'MNT_DETACH', 'UMOUNT_NOFOLLOW')]),
      unlessDone(madeSlot(index)),
      syscall('unlinkat', [AT_FDCWD, path, 0], { tolerate: ['ENOENT'] }),
    ],
    from: `namespaces.persist[${String(index)}]`,
    source: 'namespaces(7)',
  };
}

/** One step for each, and one to undo it. */
export function planPersist(section: NamespacesSection, context: PlanContext): readonly Step[] {
  return section.persist.flatMap((persisted, index) => [
    planOne(persisted, index, context),
    planUndo(persisted, index),
  ]);
}
