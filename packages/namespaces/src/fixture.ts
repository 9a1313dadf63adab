/** Hosts and contexts for the unit tests of this package. */
import { noFacts, type HostFacts, type PlanContext, type SharedFacts } from '@haco/plan';
import { bareHost } from '@haco/testkit';
import { namespaces } from './part.js';
import { emptySection, type NamespacesSection } from './section.js';

/** Root on a current kernel. */
export const rootHost: HostFacts = {
  ...bareHost,
  capabilities: ['setgid', 'setuid', 'sys_admin', 'sys_time'],
  userNamespaces: { ...bareHost.userNamespaces, newidmap: true },
};

/** An ordinary user with subordinate ids. */
export const userHost: HostFacts = {
  ...rootHost,
  euid: 1000,
  egid: 1000,
  capabilities: [],
  userNamespaces: {
    ...rootHost.userNamespaces,
    subuid: [{ start: 100_000, count: 65_536 }],
    subgid: [{ start: 200_000, count: 65_536 }],
  },
};

/** A section with what is given. */
export function sectionWith(fields: Partial<NamespacesSection>): NamespacesSection {
  return { ...emptySection, ...fields };
}

/** The context that core would make. */
export function contextOf(section: NamespacesSection, host: HostFacts, facts: Partial<SharedFacts> = {}): PlanContext {
  return {
    host,
    facts: {
      ...noFacts,
      ...namespaces.facts(section, host),
      ...facts,
    },
  };
}
