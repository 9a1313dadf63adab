/** What a v1 group doesn't have from its parent by itself, and must have before a process may enter or a limit may be set. */
import { slot, syscall, type Arg, type Operation, type PlanContext, type Step } from '@haco/plan';
import { baseSlot, groupPath } from './create.js';
import { sharedParent, type Hierarchy } from './locate.js';
import { fileSlot, open, writeFile } from './operations.js';
import type { CgroupsSection } from './section.js';
import { writesOf } from './spell.js';

/** Bytes that a list of CPUs may have; 8192 of them, every second one, don't fit, but nobody has such a list. */
const listBytes = 4096;

type Arch = PlanContext['host']['arch'];

/** Read a file of the base into a buffer; its length stays in a slot. */
function readBase(hierarchy: Hierarchy, name: string, arch: Arch): readonly Operation[] {
  const content = `cgroups.base.${name}`;
  return [
    syscall('openat', [slot(baseSlot(hierarchy)), name, open(arch, 'O_RDONLY')], { save: fileSlot }),
    syscall('read', [slot(fileSlot), { out: content, size: listBytes }, listBytes], { save: content }),
    syscall('close', [slot(fileSlot)]),
  ];
}

/** Write that buffer to the same file of another group. */
function writeBase(
  dir: Arg,
  path: string,
  name: string,
  arch: Arch,
  tolerate?: readonly string[],
): readonly Operation[] {
  const content = `cgroups.base.${name}`;
  return [
    syscall('openat', [dir, path, open(arch, 'O_WRONLY')], { save: fileSlot }),
    syscall('write', [slot(fileSlot), { out: content, size: listBytes }, slot(content)], {
      ...(tolerate === undefined ? {} : { tolerate }),
    }),
    syscall('close', [slot(fileSlot)]),
  ];
}

/**
 * A new v1 cpuset is empty, and nobody may enter it: the shared parent gets what the base has, and the container's group what
 * isn't said otherwise. All containers write the same to the parent; EBUSY: others in it use what the base has lost meanwhile.
 */
function planCpuset(
  section: CgroupsSection,
  hierarchy: Hierarchy,
  given: readonly string[],
  { host, facts }: PlanContext,
): Step {
  const operations = ['cpuset.cpus', 'cpuset.mems'].flatMap((name) => {
    const toParent = section.parent === undefined;
    const toGroup = !given.includes(name);
    if (!toParent && !toGroup) return [];
    return [
      ...readBase(hierarchy, name, host.arch),
      ...(toParent ? writeBase(slot(baseSlot(hierarchy)), `${sharedParent}/${name}`, name, host.arch, ['EBUSY']) : []),
      ...(toGroup ? writeBase(slot(hierarchy.dir), name, name, host.arch) : []),
    ];
  });
  return {
    id: 'cgroups.inherit.cpuset',
    phase: 'prepare',
    label: `give ${groupPath(section, facts.name)} the CPUs and memory nodes of ${hierarchy.base}`,
    why: 'a new cpuset of v1 is empty, and no process may enter it',
    from: hierarchy.settings[0]?.from ?? 'cgroups',
    operations,
    source: 'cpuset(7)',
  };
}

/**
 * A v1 group has no time for realtime processes unless its parent has: the shared parent gets what the base has. EINVAL: some
 * of that is given to others already; then it gets as much as this container.
 */
function planRealtime(
  section: CgroupsSection,
  hierarchy: Hierarchy,
  runtime: string,
  { host }: PlanContext,
): readonly Step[] {
  if (section.parent !== undefined) return [];
  const name = 'cpu.rt_runtime_us';
  const content = `cgroups.base.${name}`;
  const parent = slot(baseSlot(hierarchy));
  const path = `${sharedParent}/${name}`;
  const [openIt, writeIt] = writeFile(host.arch, parent, path, runtime);
  if (openIt === undefined || writeIt?.op !== 'syscall') return [];
  return [
    {
      id: 'cgroups.inherit.realtime',
      phase: 'prepare',
      label: `give ${sharedParent} the time for realtime processes that ${hierarchy.base} has`,
      why: 'a group of v1 can have no more of it than the group above',
      from: hierarchy.settings[0]?.from ?? 'cgroups',
      operations: [
        ...readBase(hierarchy, name, host.arch),
        openIt,
        syscall('write', [slot(fileSlot), { out: content, size: listBytes }, slot(content)], {
          tolerate: ['EINVAL', 'EBUSY'],
          skipOnSuccess: 1,
        }),
        // Less than others in it have: left as it is, and the limit itself is refused if it is too much.
        { ...writeIt, tolerate: ['EINVAL', 'EBUSY'], repeats: true },
        syscall('close', [slot(fileSlot)]),
      ],
      source: 'https://docs.kernel.org/scheduler/sched-rt-group.html',
    },
  ];
}

/** Steps between the making of a group and its limits. */
export function planInherit(section: CgroupsSection, hierarchy: Hierarchy, context: PlanContext): readonly Step[] {
  if (hierarchy.version === 2) return [];
  const writes = writesOf(hierarchy.settings, 1, hierarchy.settings);
  const runtime = writes.find(({ file }) => file === 'cpu.rt_runtime_us')?.value;
  return [
    ...(hierarchy.controllers.includes('cpuset')
      ? [
          planCpuset(
            section,
            hierarchy,
            writes.map(({ file }) => file),
            context,
          ),
        ]
      : []),
    ...(runtime === undefined ? [] : planRealtime(section, hierarchy, runtime, context)),
  ];
}
