/** Hosts and contexts for the unit tests of this package. */
import { capabilityNames, noFacts, type HostFacts, type PlanContext, type SharedFacts } from '@haco/plan';

/** Root on a current kernel. */
export const rootHost: HostFacts = {
  arch: 'x64',
  kernel: { release: '6.18.0', major: 6, minor: 18 },
  pid: 1000,
  euid: 0,
  egid: 0,
  capabilities: capabilityNames,
  knownCapabilities: capabilityNames,
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
    newidmap: false,
  },
  oomScoreAdj: 0,
  noNewPrivileges: false,
  nrOpen: 1_048_576,
};

/** An ordinary user. */
export const userHost: HostFacts = { ...rootHost, euid: 1000, egid: 1000, capabilities: [] };

/** The context that core would make. */
export function contextOf(host: HostFacts, facts: Partial<SharedFacts> = {}): PlanContext {
  return {
    host,
    facts: {
      ...noFacts,
      name: 'x',
      keepsCapabilities: true,
      ...facts,
    },
  };
}
