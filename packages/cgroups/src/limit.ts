/** Steps that write the limits, before anything runs in the group. */
import { slot, type PlanContext, type Step } from '@haco/plan';
import { groupPath } from './create.js';
import type { Hierarchy } from './hierarchy.js';
import { writeFile } from './operations.js';
import type { CgroupsSection } from './section.js';
import { settingsOf } from './settings.js';
import { writesOf } from './spell.js';

/** Id of the step that writes a file of a group. */
export function limitId(file: string): string {
  return `cgroups.limit.${file}`;
}

/** One step for each file. */
export function planLimits(
  section: CgroupsSection,
  hierarchy: Hierarchy,
  { host, facts }: PlanContext,
): readonly Step[] {
  return writesOf(hierarchy.settings, hierarchy.version, settingsOf(section)).map(({ file, value, setting }) => ({
    id: limitId(file),
    phase: 'prepare',
    label: `write ${JSON.stringify(value)} to ${file} of ${groupPath(section, facts.name)}`,
    why: `${setting.controller === setting.enforces ? `the limit of ${setting.controller}` : setting.key} must hold before anything runs in the group`,
    from: setting.from,
    operations: writeFile(host.arch, slot(hierarchy.dir), file, value),
    source:
      hierarchy.version === 1
        ? 'https://docs.kernel.org/admin-guide/cgroup-v1/'
        : 'https://docs.kernel.org/admin-guide/cgroup-v2.html',
    enforces: [setting.enforces],
  }));
}
