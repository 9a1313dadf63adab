/** The plainest host as a value: what unit tests of a package add their own facts to. */
import { featureNames, type FeatureName, type HostFacts } from '@haco/plan';

/** Root without capabilities, on a kernel that has every feature, with no cgroups mounted. */
export const bareHost: HostFacts = {
  arch: 'x64',
  kernel: { release: '6.18.0', major: 6, minor: 18 },
  pid: 1000,
  euid: 0,
  egid: 0,
  capabilities: [],
  knownCapabilities: [],
  features: Object.fromEntries(featureNames.map((name) => [name, true])) as Record<FeatureName, boolean>,
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
