/** A root in memory that has some directories of another one, and nothing else of it: what isn't named isn't there. */
import { flags, formatBytes, openat2, openFlags, slot, syscall, type Operation, type Step } from '@haco/plan';
import { planAttributes } from '../attributes.js';
import { AT_FDCWD, fcntlCommands, mode, moveMountFlags, openTreeFlags } from '../constants.js';
import { planFilesystem } from '../filesystem.js';
import type { MountsSection, Rootfs, SelectedRoot } from '../section.js';
import type { Situation } from '../situation.js';

/** Whether only some directories of it are taken. */
export function isSelected(rootfs: Rootfs | undefined): rootfs is SelectedRoot {
  return rootfs !== undefined && 'path' in rootfs && rootfs.only !== undefined;
}

const source = 'mounts.source';
const found = 'mounts.target';

function slotOf(index: number): string {
  return `mounts.only.${String(index)}`;
}

/** The mounts of each directory, found below the root: a link of that leads to what it has itself, and nowhere else. */
function planCopies({ path, only }: SelectedRoot, { host }: Situation): readonly Operation[] {
  const open = flags(openFlags(host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
  const how = flags(openTreeFlags, 'AT_EMPTY_PATH', 'OPEN_TREE_CLONE', 'AT_RECURSIVE', 'OPEN_TREE_CLOEXEC');
  const resolve = ['RESOLVE_IN_ROOT', 'RESOLVE_NO_MAGICLINKS'] as const;
  return [
    syscall('openat', [AT_FDCWD, path, open, 0], { save: source }),
    ...only.flatMap((directory, index) => [
      openat2(
        slot(source),
        directory.slice(1),
        { open, resolve },
        { save: found, tolerate: ['ENOENT'], skipOnTolerated: 1 },
      ),
      syscall('open_tree', [slot(found), '', how], { save: slotOf(index) }),
    ]),
  ];
}

/** As much as /tmp of `sandbox()`: a tmpfs without a size takes half of the memory. Nothing is written to a read-only one. */
const mostWritten = 256 * 1024 ** 2;

/** Make the root, and copy the mounts of the directories before it lies on the host's, where a path could lead into it. */
export function planSelectedRoot(
  { rootfs, readonly = false }: { readonly rootfs: SelectedRoot; readonly readonly?: boolean | undefined },
  situation: Situation,
  attach: readonly Operation[],
): Step {
  const { path, only } = rootfs;
  return {
    id: 'mounts.root',
    phase: 'mounts',
    label: `make a root in memory${readonly ? '' : `, of ${formatBytes(mostWritten)} at most,`} for ${only.join(', ')} of ${path}`,
    why: 'what a host keeps elsewhere, under whatever name, can neither be read nor connected to: it is not there',
    operations: [
      ...planFilesystem({
        type: 'tmpfs',
        options: [['mode', '0755'], ...(readonly ? [] : [['size', String(mostWritten)] as const])],
        attributes: { nosuid: true, nodev: true },
        save: 'root',
      }),
      ...planCopies(rootfs, situation),
      ...attach,
    ],
    from: 'mounts.rootfs.only',
    needs: [situation.mayMount],
    requires: ['open_tree', 'openat2'],
    source: 'open_tree(2)',
  };
}

/** Put the directories there, once the root is attached: before Linux 6.15 nothing can be mounted in what isn't. */
export function planSelection({ rootfs, readonly = false }: MountsSection, situation: Situation): readonly Step[] {
  if (!situation.ownMounts || !isSelected(rootfs)) return [];
  return [
    {
      id: 'mounts.only',
      phase: 'mounts',
      label: `mount ${rootfs.only.join(', ')} in it${readonly ? ', read-only' : ''}, as far as they are there`,
      why: 'with all that is mounted below them; names that this host does not have are passed over',
      operations: rootfs.only.flatMap((directory, index): readonly Operation[] => {
        const mount = slotOf(index);
        const put = [
          ...planAttributes({ mount, attributes: { readonly }, recursive: true }),
          syscall('mkdirat', [slot('root'), directory.slice(1), mode(0o755)]),
          syscall('move_mount', [
            slot(mount),
            '',
            slot('root'),
            directory.slice(1),
            flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH'),
          ]),
        ];
        const isThere = syscall('fcntl', [slot(mount), flags(fcntlCommands, 'F_GETFD'), 0], {
          tolerate: ['EBADF'],
          skipOnTolerated: put.length,
        });
        return [isThere, ...put];
      }),
      from: 'mounts.rootfs.only',
      needs: [situation.mayMount],
      requires: readonly ? ['mount_setattr'] : [],
      source: 'move_mount(2)',
    },
  ];
}
