/** Steps that write the limits, before anything runs in the group. */
import { slot, syscall, type Operation, type PlanContext, type Step } from '@haco/plan';
import { deviceProgramFile } from './controllers/devices.js';
import { groupPath } from './create.js';
import { isUnheeded } from './degrade.js';
import { planDeviceProgram } from './device-steps.js';
import type { Hierarchy } from './locate.js';
import { fileSlot, open, writeFile } from './operations.js';
import type { CgroupsSection } from './section.js';
import { writesOf, type LimitWrite } from './spell.js';

/** Id of the step that writes a file of a group. */
export function limitId({ file, item }: Pick<LimitWrite, 'file' | 'item'>): string {
  const base = `cgroups.limit.${file}`;
  // All rules about devices make one program.
  return item === '' || file === deviceProgramFile ? base : `${base}.${item.replaceAll(' ', '.')}`;
}

/** The kernel has no such file, no such policy for a device, or doesn't take the value here. */
const refusals = ['EINVAL', 'EOPNOTSUPP', 'ENODEV', 'ERANGE'];

/** Bytes that are read back: enough to see that there is something. */
const readBack = 64;

/** Write a limit that may be left out, and read it back: how Node learns whether it is in force. */
function tryWrite(
  { dir }: Hierarchy,
  { file, value }: LimitWrite,
  id: string,
  arch: PlanContext['host']['arch'],
): readonly Operation[] {
  return [
    syscall('openat', [slot(dir), file, open(arch, 'O_RDWR')], {
      save: fileSlot,
      tolerate: ['ENOENT'],
      skipOnTolerated: 3,
    }),
    syscall('write', [slot(fileSlot), value, value.length], {
      expect: value.length,
      tolerate: refusals,
      skipOnTolerated: 1,
    }),
    syscall('pread64', [slot(fileSlot), { out: id, size: readBack }, readBack - 1, 0]),
    syscall('close', [slot(fileSlot)]),
  ];
}

/** Whether processes of the group stop at this. */
function freezes({ file, value }: LimitWrite): boolean {
  return (file === 'cgroup.freeze' && value === '1') || (file === 'freezer.state' && value === 'FROZEN');
}

function planWrite(
  section: CgroupsSection,
  hierarchy: Hierarchy,
  write: LimitWrite,
  { host, facts }: PlanContext,
): Step {
  const { file, value, setting } = write;
  const id = limitId(write);
  // Rules about devices can't be read back one by one.
  const optional = (section.degrade ?? []).includes(setting.enforces) && setting.controller !== 'devices';
  return {
    id,
    // A launcher that waits for a frozen process in vfork(2) doesn't see Node's end: so it is frozen while the launcher is awake.
    phase: freezes(write) ? 'parent' : 'prepare',
    label: `write ${JSON.stringify(value)} to ${file} of ${groupPath(section, facts.name)}`,
    why: isUnheeded(setting, host)
      ? 'no disk of this host heeds weights now: none has the scheduler bfq, and io.cost is off'
      : `${setting.controller === setting.enforces ? `the limit of ${setting.controller}` : setting.key} must hold before anything runs in the group`,
    from: setting.from,
    operations: optional
      ? tryWrite(hierarchy, write, id, host.arch)
      : writeFile(host.arch, slot(hierarchy.dir), file, value),
    source:
      hierarchy.version === 1
        ? 'https://docs.kernel.org/admin-guide/cgroup-v1/'
        : 'https://docs.kernel.org/admin-guide/cgroup-v2.html',
    // What is in force in a weaker form is told by the part.
    ...(setting.weaker === true ? {} : { enforces: [setting.enforces] }),
    ...(optional && setting.weaker !== true ? { confirmedBy: id } : {}),
  };
}

/** One step for each file, and one for the program about devices. */
export function planLimits(
  section: CgroupsSection,
  hierarchy: Hierarchy,
  all: Hierarchy['settings'],
  context: PlanContext,
): readonly Step[] {
  const writes = writesOf(hierarchy.settings, hierarchy.version, all);
  const rules = writes.filter(({ file }) => file === deviceProgramFile);
  const files = writes.filter(({ file }) => file !== deviceProgramFile);
  return [
    ...planDeviceProgram(section, hierarchy, rules, context),
    ...files.map((write) => planWrite(section, hierarchy, write, context)),
  ];
}
