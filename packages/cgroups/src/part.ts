/** The part `cgroups`: its section, verbs, checks, facts and steps in one value. */
import type { Part, SharedFacts } from '@haco/plan';
import { checkSection } from './check.js';
import { planCreate, planEnable } from './create.js';
import { enforceable } from './degrade.js';
import { exactHierarchies, planExact } from './exact.js';
import { hierarchiesOf } from './hierarchy.js';
import { planInherit } from './inherit.js';
import { planJoin } from './join.js';
import { planLimits } from './limit.js';
import { cloneSlot, isJoined, locate } from './locate.js';
import type { CgroupMethods } from './methods.js';
import { parseSection } from './parse.js';
import { planRemove } from './remove.js';
import type { CgroupsSection } from './section.js';
import { settingsOf } from './settings.js';
import { validateSection } from './validate.js';
import { verbs } from './verbs.js';

/**
 * Limits by control groups. Its part must stand before `namespaces` in the list of parts: the container enters its groups before
 * it does anything else.
 */
export const cgroups = {
  key: 'cgroups',
  scope: 'container',
  empty: {},
  verbs,
  parse: parseSection,
  validate: validateSection,
  facts: (section, host): Partial<SharedFacts> => {
    const hierarchies = host === undefined ? [] : hierarchiesOf(section, host);
    const cloned = hierarchies.some((hierarchy) => host !== undefined && !isJoined(hierarchy, host));
    return {
      joinsCgroupLate:
        host === undefined ? settingsOf(section).length > 0 || section.path !== undefined : hierarchies.length > 0,
      ...(section.path === undefined ? {} : { cgroupPath: section.path }),
      ...(cloned ? { cloneIntoCgroup: cloneSlot } : {}),
    };
  },
  plan: (section, context) => {
    const { settings } = enforceable(section, context.host);
    const { path } = section;
    if (path !== undefined) {
      const all = exactHierarchies(section, context.host);
      return [
        ...all.flatMap((hierarchy) => [
          planExact(path, hierarchy, context),
          ...planLimits(section, hierarchy, settings, context),
        ]),
        ...planJoin(all, context),
        ...planRemove(section, all, context),
      ];
    }
    const hierarchies = locate(settings, section.parent, context.host);
    return [
      ...hierarchies.flatMap((hierarchy) => [
        planCreate(section, hierarchy, context),
        ...planEnable(section, hierarchy, context),
        ...planInherit(section, hierarchy, context),
        ...planLimits(section, hierarchy, settings, context),
      ]),
      ...planJoin(hierarchies, context),
      ...planRemove(section, hierarchies, context),
    ];
  },
  degradations: (section, { host }) => enforceable(section, host).degradations,
  check: checkSection,
} as const satisfies Part<'cgroups', CgroupsSection, CgroupMethods>;
