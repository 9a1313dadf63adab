/**
 * The parents that containers share, kept while starts follow each other closely. Making and removing them around each container takes
 * the kernel as long as the container's own groups do. A group in each keeps it from being empty: to a container that removes its own
 * group the parent looks as if others lived in it, so that no plan knows of this.
 */
import { slot, syscall, type HostFacts, type Step } from '@haco/plan';
import { baseSlot, makeGroup, removeParent } from './create.js';
import { hierarchiesOf, sharedParent } from './hierarchy.js';
import type { Hierarchy } from './locate.js';
import { AT_FDCWD, AT_REMOVEDIR, open } from './operations.js';
import type { CgroupsSection } from './section.js';

/** What keeps the parents of a container's groups. */
export interface KeptParents {
  /** The same for all containers whose groups have the same parents. */
  readonly key: string;
  /** Of phase `prepare` and `undo`; `name` is that of the group in each parent. */
  steps(name: string): readonly Step[];
}

function keep(hierarchy: Hierarchy, name: string, { arch }: HostFacts): readonly Step[] {
  const base = baseSlot(hierarchy);
  const path = `${sharedParent}/${name}`;
  const about = {
    why: 'the next container finds the parent of its group there',
    from: 'cgroups',
    source: 'cgroups(7)',
  };
  return [
    {
      ...about,
      id: `cgroups.keep.${hierarchy.id}`,
      phase: 'prepare',
      label: `keep ${sharedParent} in ${hierarchy.base}`,
      operations: [
        syscall('openat', [AT_FDCWD, hierarchy.base, open(arch, 'O_PATH', 'O_DIRECTORY')], { save: base }),
        ...makeGroup(base, path),
      ],
    },
    {
      ...about,
      id: `cgroups.drop.${hierarchy.id}`,
      phase: 'undo',
      label: `give up ${sharedParent} in ${hierarchy.base}`,
      operations: [
        syscall('unlinkat', [slot(base), path, AT_REMOVEDIR], { tolerate: ['EBADF', 'ENOENT'] }),
        removeParent(base),
      ],
    },
  ];
}

/** Asked at every start: what follows from the host and the limits is kept. */
const known = new WeakMap<CgroupsSection, { readonly host: HostFacts; readonly kept: KeptParents | undefined }>();

/**
 * The parents that a container with these limits shares with others; undefined when it has none.
 *
 * @example
 * ```ts
 * import { keptParents } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * keptParents({ pids: 50 }, probeHost())?.key; // '/sys/fs/cgroup/pids'
 * ```
 */
export function keptParents(section: CgroupsSection, host: HostFacts): KeptParents | undefined {
  const before = known.get(section);
  if (before?.host === host) return before.kept;
  const shared = section.path === undefined && section.parent === undefined;
  const hierarchies = shared ? hierarchiesOf(section, host) : [];
  const kept =
    hierarchies.length === 0
      ? undefined
      : {
          key: hierarchies.map(({ base }) => base).join(':'),
          steps: (name: string) => hierarchies.flatMap((hierarchy) => keep(hierarchy, name, host)),
        };
  known.set(section, { host, kept });
  return kept;
}
