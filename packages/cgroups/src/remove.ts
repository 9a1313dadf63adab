/** Steps after the container's end: stop what is left, read what was used, remove the groups. */
import { slot, syscall, type Operation, type PlanContext, type Step, type SyscallOptions } from '@haco/plan';
import { controllerNamed } from './controllers/index.js';
import { baseSlot, groupPath, removeParent } from './create.js';
import { canFreeze, freezerPath, freezerPlace } from './freezer-place.js';
import { controllerOf } from './keys.js';
import { sharedParent, v1MountOf, type Hierarchy } from './locate.js';
import { AT_FDCWD, AT_REMOVEDIR, F_GETFD, fileSlot, open } from './operations.js';
import type { CgroupsSection } from './section.js';

/** Bytes that a report file may have; the longest, v2's `cpu.stat`, has about 300, and traffic has a few lines per device. */
function reportBytes(file: string): number {
  return /^(io|blkio)\./.test(file) ? 8192 : 512;
}

/** Milliseconds that killed processes get to leave a group: a large one needs a while to give back its memory. */
const patienceMs = 2000;

/** The group was never made, or somebody has removed it: nothing is in it, and the outcome is not lost for that. */
const absent = ['EBADF', 'ENOENT'];

/** The files of a group that is removed this very moment. */
const goneNow = ['ENODEV'];

// What is frozen on v1 doesn't even notice SIGKILL.
function thaw(hierarchies: readonly Hierarchy[], { host }: PlanContext): readonly Operation[] {
  const frozen = hierarchies.find(({ version, controllers }) => version === 1 && controllers.includes('freezer'));
  if (frozen === undefined) return [];
  return [
    syscall('openat', [slot(frozen.dir), 'freezer.state', open(host.arch, 'O_WRONLY')], {
      save: fileSlot,
      tolerate: absent,
      skipOnTolerated: 1,
    }),
    syscall('write', [slot(fileSlot), 'THAWED', 6], { expect: 6, tolerate: goneNow }),
  ];
}

// All hierarchies hold the same processes, so stopping them through one is enough.
function kill(hierarchies: readonly Hierarchy[], { host }: PlanContext): readonly Operation[] {
  const { arch } = host;
  const openToWrite = (dir: string, file: string, skipOnTolerated: number): Operation =>
    syscall('openat', [slot(dir), file, open(arch, 'O_WRONLY')], {
      save: fileSlot,
      tolerate: absent,
      skipOnTolerated,
    });
  const v2 = hierarchies.find(({ version }) => version === 2);
  if (v2 !== undefined && host.features.cgroup_kill) {
    return [
      openToWrite(v2.dir, 'cgroup.kill', 1),
      syscall('write', [slot(fileSlot), '1', 1], { expect: 1, tolerate: goneNow }),
    ];
  }
  const pids = hierarchies.find(({ controllers }) => controllers.includes('pids'));
  if (pids !== undefined) {
    return [
      // No fork succeeds any more: a fork bomb can't outrun the kills.
      openToWrite(pids.dir, 'pids.max', 2),
      syscall('write', [slot(fileSlot), '0', 1], { expect: 1, tolerate: goneNow, skipOnTolerated: 1 }),
      { op: 'kill-listed', dir: pids.dir, file: 'cgroup.procs' },
    ];
  }
  const [first] = hierarchies;
  if (first === undefined) return [];
  return [
    syscall('openat', [slot(first.dir), 'cgroup.procs', open(arch, 'O_RDONLY')], {
      tolerate: absent,
      skipOnTolerated: 1,
    }),
    { op: 'kill-listed', dir: first.dir, file: 'cgroup.procs' },
  ];
}

// An update may bring these to a container that began without: v2 hands them down at any time, and how it ended is in their counters.
const later = ['cpu', 'memory', 'pids'];

// The descriptors stay open: the launcher ends right after.
function read(hierarchies: readonly Hierarchy[], { host }: PlanContext): readonly Operation[] {
  return hierarchies.flatMap(({ dir, controllers, version, mount }) =>
    [
      ...new Set(
        [...controllers, ...(host.cgroups.mode === 'v2' ? later : [])].flatMap(
          (name) => controllerNamed(name)?.reports[version === 1 ? 'v1' : 'v2'] ?? [],
        ),
      ),
    ]
      // cpu time is counted by a controller of its own on v1, which shares the hierarchy with cpu where systemd mounted them.
      .filter(
        (file) =>
          version === 2 ||
          v1MountOf(controllerNamed(controllerOf(file))?.name ?? '', host)?.mountPoint === mount.mountPoint,
      )
      .flatMap((file) => [
        // Which of these files exist depends on the version of the kernel.
        syscall('openat', [slot(dir), file, open(host.arch, 'O_RDONLY')], {
          save: fileSlot,
          tolerate: absent,
          skipOnTolerated: 1,
        }),
        // One byte less than there is, so that the text always ends with NUL.
        syscall('read', [slot(fileSlot), { out: file, size: reportBytes(file) }, reportBytes(file) - 1], {
          tolerate: goneNow,
        }),
      ]),
  );
}

/** The last part of the group's path. */
function nameOf({ path }: CgroupsSection, name: string): string {
  return path === undefined ? name : path.slice(path.lastIndexOf('/') + 1);
}

function remove(
  section: CgroupsSection,
  hierarchies: readonly Hierarchy[],
  { facts }: PlanContext,
): readonly Operation[] {
  return hierarchies.flatMap((hierarchy) => [
    // Through the descriptor of the group that was made here: when the name was taken already, that group stays.
    syscall('unlinkat', [slot(hierarchy.dir), `../${nameOf(section, facts.name)}`, AT_REMOVEDIR], {
      tolerate: ['EBADF', 'ENOENT'],
      retry: { errnos: ['EBUSY'], times: patienceMs },
    }),
    ...(section.parent === undefined && section.path === undefined ? [removeParent(baseSlot(hierarchy))] : []),
  ]);
}

/**
 * The group that a freeze made, if any: Node removes it, unless Node was killed meanwhile. Only when this container has made its groups,
 * and so owns its name.
 */
function removeFreezer(hierarchies: readonly Hierarchy[], { host, facts }: PlanContext): readonly Operation[] {
  const place = freezerPlace(host);
  const [first] = hierarchies;
  if (place === undefined || first === undefined || canFreeze(hierarchies)) return [];
  const unlink = (path: string, tolerate: readonly string[], more: SyscallOptions): Operation =>
    syscall('unlinkat', [AT_FDCWD, `${place.base}/${path}`.replace('//', '/'), AT_REMOVEDIR], { tolerate, ...more });
  return [
    syscall('fcntl', [slot(first.dir), F_GETFD, 0], { tolerate: ['EBADF'], skipOnTolerated: 2 }),
    unlink(freezerPath(facts.name), ['ENOENT'], {
      skipOnTolerated: 1,
      retry: { errnos: ['EBUSY'], times: patienceMs },
    }),
    unlink(sharedParent, ['ENOENT', 'EBUSY', 'ENOTEMPTY'], {}),
  ];
}

/** The steps of phase `undo`. Each does nothing when the group was never made. */
export function planRemove(
  section: CgroupsSection,
  hierarchies: readonly Hierarchy[],
  context: PlanContext,
): readonly Step[] {
  const from = hierarchies[0]?.settings[0]?.from ?? 'cgroups';
  const step = (what: string, label: string, why: string, operations: readonly Operation[]): readonly Step[] =>
    operations.length === 0
      ? []
      : [{ id: `cgroups.${what}`, phase: 'undo', label, why, from, operations, source: 'cgroups(7)' }];
  const path = groupPath(section, context.facts.name);
  return [
    ...step('stop', `kill what is left in ${path}`, 'processes that outlive the container would keep its group alive', [
      ...thaw(hierarchies, context),
      ...kill(hierarchies, context),
    ]),
    ...step('read', `read what ${path} has used`, 'the counters go with the group', read(hierarchies, context)),
    ...step('remove', `remove ${path}`, 'nothing is left behind', [
      ...(section.path === undefined ? removeFreezer(hierarchies, context) : []),
      ...remove(section, hierarchies, context),
    ]),
  ];
}
