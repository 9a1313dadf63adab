/** Namespaces that outlive the container: bound to a file by the launcher while the container's process exists. */
import { flags, openFlags, slot, syscall, type PlanContext, type Step } from '@haco/plan';
import { AT_FDCWD, moveMountFlags, NS_GET_NSTYPE, openTreeFlags, umountFlags } from './constants.js';
import { rowOf } from './kinds.js';
import type { NamespacesSection, Persisted } from './section.js';

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
          flags(open, 'O_RDONLY', 'O_CREAT', 'O_NOFOLLOW', 'O_CLOEXEC'),
          { flags: ['0600'], value: 0o600 },
        ],
        {
          save: file,
        },
      ),
      // A namespace that was left there earlier is replaced: mounts must not pile up. Any other file says ENOTTY.
      syscall('ioctl', [slot(file), NS_GET_NSTYPE, 0], { tolerate: ['ENOTTY'], skipOnTolerated: 1 }),
      syscall('umount2', [path, flags(umountFlags, 'MNT_DETACH', 'UMOUNT_NOFOLLOW')]),
      syscall('close', [slot(file)]),
      syscall('openat', [AT_FDCWD, { procPath: 'child' }, flags(open, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'), 0], {
        save: directory,
      }),
      syscall(
        'open_tree',
        [slot(directory), `ns/${rowOf(kind).file}`, flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC')],
        { save: tree },
      ),
      syscall('move_mount', [slot(tree), '', AT_FDCWD, path, flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH')]),
      syscall('close', [slot(tree)]),
      syscall('close', [slot(directory)]),
    ],
    from: `namespaces.persist[${String(index)}]`,
    needs: [{ capability: 'sys_admin', over: 'host' }],
    requires: ['open_tree'],
    source: 'namespaces(7)',
  };
}

/** One step for each. */
export function planPersist(section: NamespacesSection, context: PlanContext): readonly Step[] {
  return section.persist.map((persisted, index) => planOne(persisted, index, context));
}
