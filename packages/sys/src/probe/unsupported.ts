/** Facts about a machine that can't run containers of haco: planning goes on and says so, nothing throws. */
import { parseKernelRelease, featureNames, type FeatureName, type HostFacts } from '@haco/plan';
import { type ProcessInfo } from './process-info.js';

/** No features, no groups, no privileges; `arch` is `unsupported`. */
export function unsupportedHost(info: ProcessInfo): HostFacts {
  return {
    arch: 'unsupported',
    kernel: parseKernelRelease(info.release),
    pid: info.pid,
    euid: info.euid,
    egid: info.egid,
    capabilities: [],
    knownCapabilities: [],
    features: Object.fromEntries(featureNames.map((name) => [name, false])) as Record<FeatureName, boolean>,
    cgroups: { mode: 'none', v1: {} },
    userNamespaces: {
      max: 0,
      unprivilegedDisabled: false,
      apparmorRestricted: false,
      subuid: [],
      subgid: [],
      newidmap: false,
    },
    oomScoreAdj: 0,
    noNewPrivileges: false,
    nrOpen: 0,
  };
}
