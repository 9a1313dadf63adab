/** Steps that hold the shared parent of groups in place while containers come and go below it. */
import { slot, syscall, type Flags, type HostFacts, type Operation, type Step } from '@haco/plan';
import { sharedParent } from './locate.js';
import { AT_FDCWD, AT_REMOVEDIR, open } from './operations.js';

const mode: Flags = { flags: ['0755'], value: 0o755 };

/**
 * One empty group below the parent in each of these directories: the kernel refuses to remove a group that has another, so the
 * removal of the parent, which ends every container's plan, is refused at once (EBUSY) instead of being done and undone by the next
 * start: 0.2 ms for three hierarchies of v1.
 *
 * @param bases - directories of hierarchies, as {@link Hierarchy.base}
 * @param name - of the empty group; no container's name, these begin with a letter or digit
 */
export function planKeep(bases: readonly string[], name: string, { arch }: HostFacts): readonly Step[] {
  const path = `${sharedParent}/${name}`;
  const each = (operations: (kept: string, base: string) => readonly Operation[]): readonly Operation[] =>
    bases.flatMap((base, index) => operations(`cgroups.kept.${String(index)}`, base));
  const common = { from: 'cgroups', source: 'cgroups(7)' };
  return [
    {
      ...common,
      id: 'cgroups.keep',
      phase: 'prepare',
      label: `hold the group ${sharedParent} in place`,
      why: 'it would be removed and made again by every container of a series',
      operations: each((kept, base) => [
        syscall('openat', [AT_FDCWD, base, open(arch, 'O_PATH', 'O_DIRECTORY')], { save: kept }),
        syscall('mkdirat', [slot(kept), sharedParent, mode], { tolerate: ['EEXIST'] }),
        syscall('mkdirat', [slot(kept), path, mode]),
      ]),
    },
    {
      ...common,
      id: 'cgroups.let-go',
      phase: 'undo',
      label: `let go of the group ${sharedParent}`,
      why: 'nothing is left behind',
      operations: each((kept) => [
        syscall('unlinkat', [slot(kept), path, AT_REMOVEDIR], { tolerate: ['EBADF', 'ENOENT'] }),
        syscall('unlinkat', [slot(kept), sharedParent, AT_REMOVEDIR], {
          tolerate: ['EBADF', 'ENOENT', 'EBUSY', 'ENOTEMPTY'],
        }),
      ]),
    },
  ];
}
