/** What will fail on a host, told before it is tried, with a way out. */
import type { PlanContext, Warning } from '@haco/plan';
import { enforceable } from './degrade.js';
import { exactHierarchies } from './exact.js';
import { limitId } from './limit.js';
import { locate } from './locate.js';
import { hierarchyProblem, settingProblem } from './problems.js';
import type { CgroupsSection } from './section.js';
import { writesOf } from './spell.js';

/** All checks of this part. What may be left out is no problem. */
export function checkSection(section: CgroupsSection, { host }: PlanContext): readonly Warning[] {
  const { settings } = enforceable(section, host);
  const hierarchies =
    section.path === undefined ? locate(settings, section.parent, host) : exactHierarchies(section, host);
  const ofSettings = settings.flatMap((setting) => {
    const problem = settingProblem(setting, settings, host);
    if (problem === undefined) return [];
    const hierarchy = hierarchies.find((one) => one.settings.includes(setting));
    const writes = hierarchy === undefined ? [] : writesOf(hierarchy.settings, hierarchy.version, settings);
    const write = writes.find((one) => one.setting === setting);
    return [{ step: write === undefined ? `cgroups.create.${hierarchy?.id ?? ''}` : limitId(write), ...problem }];
  });
  const ofHierarchies = hierarchies.flatMap((hierarchy) => {
    const problem = hierarchyProblem(hierarchy, host);
    return problem === undefined ? [] : [{ step: `cgroups.create.${hierarchy.id}`, ...problem }];
  });
  const told = new Map([...ofSettings, ...ofHierarchies].map((warning) => [warning.message, warning]));
  return [...told.values()];
}
