/** Steps that make a container's groups. */
import { slot, syscall, type Flags, type Operation, type PlanContext, type Step } from '@haco/plan';
import { handedDown, isJoined, sharedParent, type Hierarchy } from './locate.js';
import { AT_FDCWD, AT_REMOVEDIR, open, writeFile } from './operations.js';
import type { CgroupsSection } from './section.js';
import { spell } from './spell.js';

/** Slot of the directory in which {@link sharedParent} is, or the parent that was asked for. */
export function baseSlot({ id }: Hierarchy): string {
  return `cgroups.base.${id}`;
}

/** Slot of the file through which the container's process enters the group. */
export function joinSlot({ id }: Hierarchy): string {
  return `cgroups.join.${id}`;
}

/** Path of the container's group below the base. */
export function groupPath(section: CgroupsSection, name: string): string {
  if (section.path !== undefined) return section.path.slice(1);
  return section.parent === undefined ? `${sharedParent}/${name}` : name;
}

/** How often the shared parent may vanish between its making and the making of a group in it. */
const rounds = 4;

const mode: Flags = { flags: ['0755'], value: 0o755 };

/**
 * Make the group, and its parent when it isn't there. Another container may end right now and remove the parent as empty: then
 * both are tried again. Measured with 16 processes that do nothing but make and remove groups: 91 % need one round, 0.1 % two,
 * one in 4000 three.
 */
export function makeGroup(base: string, path: string): readonly Operation[] {
  const repeats = (round: number): { readonly repeats?: true } => (round === 0 ? {} : { repeats: true });
  const again = Array.from({ length: rounds }, (_, round) => {
    const left = rounds - 1 - round;
    return [
      syscall('mkdirat', [slot(base), sharedParent, mode], { tolerate: ['EEXIST'], ...repeats(round) }),
      syscall('mkdirat', [slot(base), path, mode], {
        ...(left === 0 ? {} : { tolerate: ['ENOENT'], skipOnSuccess: 2 * left }),
        ...repeats(round),
      }),
    ];
  });
  return [
    syscall('mkdirat', [slot(base), path, mode], { tolerate: ['ENOENT'], skipOnSuccess: 2 * rounds }),
    ...again.flat(),
  ];
}

/** Remove the parent when nobody's group is in it: EBUSY or ENOTEMPTY say that other containers live there. */
export function removeParent(base: string): Operation {
  return syscall('unlinkat', [slot(base), sharedParent, AT_REMOVEDIR], {
    tolerate: ['EBADF', 'ENOENT', 'EBUSY', 'ENOTEMPTY'],
  });
}

/** One step for each hierarchy: the group, never one that is there already, and descriptors for what follows. */
export function planCreate(section: CgroupsSection, hierarchy: Hierarchy, { host, facts }: PlanContext): Step {
  const { arch } = host;
  const base = baseSlot(hierarchy);
  const path = groupPath(section, facts.name);
  // Writing 0 to the v1 file `tasks` moves the writing thread alone, without the lock over all forks of the machine that
  // `cgroup.procs` takes: 0.07 instead of 11 ms after 60 idle ms, on kernel 6.18. v2 has no such file for a whole process.
  // What writes no file (a counter, perf_event) is in force by the group itself.
  const counted = hierarchy.settings
    .filter((setting) => spell(setting, hierarchy.version, hierarchy.settings)?.length === 0)
    .map(({ enforces }) => enforces);
  const entry = hierarchy.version === 1 ? 'tasks' : 'cgroup.procs';
  return {
    id: `cgroups.create.${hierarchy.id}`,
    phase: 'prepare',
    label: `make the group ${path} in ${hierarchy.base}`,
    why: `limits of ${hierarchy.controllers.join(', ')} apply to the processes of a group`,
    from: hierarchy.settings[0]?.from ?? 'cgroups',
    operations: [
      syscall('openat', [AT_FDCWD, hierarchy.base, open(arch, 'O_PATH', 'O_DIRECTORY')], { save: base }),
      ...(section.parent === undefined ? makeGroup(base, path) : [syscall('mkdirat', [slot(base), path, mode])]),
      syscall('openat', [slot(base), path, open(arch, 'O_PATH', 'O_DIRECTORY')], { save: hierarchy.dir }),
      ...(isJoined(hierarchy, host)
        ? [syscall('openat', [slot(hierarchy.dir), entry, open(arch, 'O_WRONLY')], { save: joinSlot(hierarchy) })]
        : []),
    ],
    source: 'cgroups(7)',
    ...(counted.length === 0 ? {} : { enforces: counted }),
  };
}

/**
 * On v2 a group has the files of a controller only when its parents hand it down. That stays so in the parent when the container is
 * gone: taking it back would also take the limits away from others that rely on it by then.
 */
export function planEnable(section: CgroupsSection, hierarchy: Hierarchy, { host }: PlanContext): readonly Step[] {
  if (hierarchy.version === 1) return [];
  const file = 'cgroup.subtree_control';
  const all = handedDown(hierarchy.controllers);
  if (all.length === 0) return [];
  const missing = all.filter((name) => section.parent !== undefined || !host.cgroups.v2?.subtreeControl.includes(name));
  const enable = (names: readonly string[], path: string): readonly Operation[] =>
    names.length === 0
      ? []
      : writeFile(host.arch, slot(baseSlot(hierarchy)), path, names.map((name) => `+${name}`).join(' '));
  const operations = [
    ...enable(missing, file),
    // After the group is made: now nobody removes the parent as empty.
    ...(section.parent === undefined ? enable(all, `${sharedParent}/${file}`) : []),
  ];
  if (operations.length === 0) return [];
  return [
    {
      id: 'cgroups.enable.v2',
      phase: 'prepare',
      label: `hand ${all.join(', ')} down to the group`,
      why: 'a v2 group has the limits of a controller only when every group above it hands the controller down',
      from: hierarchy.settings[0]?.from ?? 'cgroups',
      operations,
      source: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#enabling-and-disabling',
    },
  ];
}
