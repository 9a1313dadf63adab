/** Hosts and contexts for the unit tests of this package. */
import { noFacts, type HostFacts, type PlanContext, type SharedFacts } from '@haco/plan';
import { namespaces } from './part.js';
import { emptySection, type NamespacesSection } from './section.js';

/** Root on a current kernel. */
export const rootHost: HostFacts = {
  arch: 'x64',
  kernel: { release: '6.12.0', major: 6, minor: 12 },
  pid: 1000,
  euid: 0,
  egid: 0,
  capabilities: ['setgid', 'setuid', 'sys_admin', 'sys_time'],
  knownCapabilities: [],
  features: {
    clone3: true,
    clone_into_cgroup: true,
    openat2: true,
    close_range: true,
    pidfd_open: true,
    open_tree: true,
    mount_setattr: true,
    cgroup_kill: true,
    time_namespace: true,
    user_namespace: true,
    memfd_exec: true,
  },
  cgroups: { mode: 'none', v1: {} },
  userNamespaces: {
    max: 1000,
    unprivilegedDisabled: false,
    apparmorRestricted: false,
    subuid: [],
    subgid: [],
    newidmap: true,
  },
  oomScoreAdj: 0,
  noNewPrivileges: false,
  nrOpen: 1_048_576,
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
