/** The part `namespaces`: its section, verbs, checks, facts and steps in one value. */
import type { Part, SharedFacts } from '@haco/plan';
import { planBecomeRoot } from './become-root.js';
import { checkSection } from './check.js';
import { planNonDumpable } from './dumpable.js';
import { planEnter } from './enter.js';
import { planNames } from './hostname.js';
import { planIdMap } from './id-map/plan-id-map.js';
import { resolveIdMap } from './id-map/resolve-id-map.js';
import type { NamespaceMethods } from './methods.js';
import { parseSection } from './parse.js';
import { planPersist } from './persist.js';
import { emptySection, type NamespacesSection } from './section.js';
import { planSysctls } from './sysctl.js';
import { planTime } from './time-offsets.js';
import { planClone, planLateUnshare } from './unshare.js';
import { validateSection } from './validate.js';
import { withWanted } from './wanted.js';
import { verbs } from './verbs.js';

/**
 * The namespaces of a container: new ones, those of others, and those that outlive it. Its step `namespaces.clone` is in every
 * plan, since the container is a process of its own in any case.
 */
export const namespaces = {
  key: 'namespaces',
  scope: 'container',
  empty: emptySection,
  verbs,
  parse: parseSection,
  validate: (section, context?: { readonly facts: SharedFacts }) =>
    validateSection(section, context?.facts.wantedNamespaces),
  facts: (given, host, earlier?: SharedFacts): Partial<SharedFacts> => {
    const section = withWanted(given, earlier?.wantedNamespaces);
    const idMap = host === undefined ? undefined : resolveIdMap(section, host);
    return {
      unshared: section.unshare,
      entered: section.enter.map(({ kind }) => kind),
      ...(idMap === undefined ? {} : { idMap }),
    };
  },
  plan: (given, context) => {
    const section = withWanted(given, context.facts.wantedNamespaces);
    const map = resolveIdMap(section, context.host);
    const asked = section.uidMap === undefined && section.gidMap === undefined ? 'unshare' : 'uidMap';
    const outOfReach = planNonDumpable(section);
    return [
      ...outOfReach.filter(({ phase }) => phase === 'join'),
      ...planEnter(section, context),
      ...planTime(section, context),
      planClone(section, context),
      ...planPersist(section, context),
      ...planLateUnshare(section, context),
      ...(map === undefined ? [] : [planIdMap(map, context.host, `namespaces.${asked}`)]),
      ...planBecomeRoot(section, context),
      ...outOfReach.filter(({ phase }) => phase === 'identity'),
      ...planSysctls(section, context),
      ...planNames(section, context),
    ];
  },
  check: (section, context) => checkSection(withWanted(section, context.facts.wantedNamespaces), context),
} as const satisfies Part<'namespaces', NamespacesSection, NamespaceMethods>;
