/** The snapshot of the host on which this process runs, put together from files of /proc and cheap calls. */
import { nothing, plain, type FeatureName, type HostFacts } from '@haco/plan';
import { capabilitiesIn, knownCapabilities, lastCapability } from './capabilities.js';

import { probeCgroups } from './cgroups.js';
import { probeConfinement } from './confinement.js';
import { coveredIn } from './covered.js';
import { heedsWeights } from './disks.js';
import { type FeatureProbe } from './feature.js';
import { kernelFeatures } from './features/index.js';
import { type HostReader, thisHost } from './host-reader.js';
import { parseKernelRelease } from '@haco/plan';
import { type ProcessInfo, thisProcess } from './process-info.js';
import { parseStatus } from './status.js';
import { mappedIds } from './mapped-ids.js';
import { mountOf, parseMountinfo } from './mountinfo.js';
import { parseSubordinateIds } from './subordinate-ids.js';
import { unsupportedHost } from './unsupported.js';

let known: HostFacts | undefined;

/**
 * What planning must know of this host. Probed once per process (per thread, for workers), about a millisecond; ask for
 * `fresh` facts after the process changed its user or its cgroup. Never throws: elsewhere than on Linux on x64 or arm64 the
 * facts say `arch: 'unsupported'`.
 *
 * @example
 * ```ts
 * import { probeHost } from '@haco/sys';
 * probeHost().cgroups.mode; // 'v2'
 * ```
 */
export function probeHost(options: { readonly fresh?: boolean } = nothing): HostFacts {
  if (known === undefined || options.fresh === true) known = plain(probe());
  return known;
}

function probe(): HostFacts {
  const info = thisProcess();
  const arch = supportedArch(info);
  if (arch === undefined) return unsupportedHost(info);
  const runtimeDirectory = process.env['XDG_RUNTIME_DIR'];
  const facts = collectHostFacts(info, thisHost(arch));
  return runtimeDirectory?.startsWith('/') === true ? { ...facts, runtimeDirectory } : facts;
}

function supportedArch({ platform, arch }: ProcessInfo): 'x64' | 'arm64' | undefined {
  return platform === 'linux' && (arch === 'x64' || arch === 'arm64') ? arch : undefined;
}

/** The facts as `host` shows them to the process that `info` describes. */
export function collectHostFacts(info: ProcessInfo, host: HostReader): HostFacts {
  const arch = supportedArch(info);
  if (arch === undefined) return unsupportedHost(info);
  const kernel = parseKernelRelease(info.release);
  const status = parseStatus(host.read('/proc/self/status') ?? '');
  const capabilities = knownCapabilities(lastCapability(host));
  const cgroups = probeCgroups(host);
  const weighs = heedsWeights(host, cgroups.v2?.mountPoint);
  return {
    arch,
    kernel,
    pid: info.pid,
    euid: info.euid,
    egid: info.egid,
    capabilities: capabilitiesIn(status.effective, capabilities),
    knownCapabilities: capabilities,
    features: probeFeatures({ host, kernel }),
    cgroups,
    ...some('disks', weighs === undefined ? undefined : { heedsWeights: weighs }),
    userNamespaces: probeUserNamespaces(info, host),
    oomScoreAdj: numberIn(host, '/proc/self/oom_score_adj') ?? 0,
    noNewPrivileges: status.noNewPrivileges,
    // The kernel's default, for a /proc that hides its sysctls.
    nrOpen: numberIn(host, '/proc/sys/fs/nr_open') ?? 1024 * 1024,
    confinement: probeConfinement(host),
    ...some('covered', coveredIn(host.read('/proc/self/mountinfo') ?? '')),
  };
}

function probeFeatures(probe: FeatureProbe): HostFacts['features'] {
  const entries = Object.entries(kernelFeatures).map(([name, feature]) => [name, feature.isPresent(probe)]);
  return Object.fromEntries(entries) as Record<FeatureName, boolean>;
}

/** Whether AppArmor has a profile for this process: then that decides, where else only a switch of the machine does. */
function hasProfile(host: HostReader): boolean {
  const [own, common] = ['/proc/self/attr/apparmor/current', '/proc/self/attr/current'].map((file) => host.read(file));
  const label = own ?? common;
  return label !== undefined && label.trim().replace('\0', '') !== 'unconfined';
}

function probeUserNamespaces(info: ProcessInfo, host: HostReader): HostFacts['userNamespaces'] {
  const ranges = (file: string): HostFacts['userNamespaces']['subuid'] => {
    const text = host.read(file) ?? '';
    // Most machines of one purpose have an empty file: don't ask for a name that nobody needs.
    return text === '' ? [] : parseSubordinateIds(text, { name: info.userName(), uid: info.euid });
  };
  const helpers = ['newuidmap', 'newgidmap'].map((program) => onPath(program, info, host));
  return {
    // Where somebody hides it, as outer containers do, nothing is known against them.
    max: numberIn(host, '/proc/sys/user/max_user_namespaces') ?? Number.MAX_SAFE_INTEGER,
    unprivilegedDisabled: numberIn(host, '/proc/sys/kernel/unprivileged_userns_clone') === 0,
    apparmorRestricted:
      numberIn(host, '/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1 && !hasProfile(host),
    subuid: ranges('/etc/subuid'),
    subgid: ranges('/etc/subgid'),
    newidmap: helpers.every((path) => path !== undefined),
    ...some(
      'newidmapNosuid',
      nosuidMountOf(
        helpers.filter((path) => path !== undefined),
        host,
      ),
    ),
    ...some('uids', mappedIds(host.read('/proc/self/uid_map'))),
    ...some('gids', mappedIds(host.read('/proc/self/gid_map'))),
  };
}

const some = <K extends string, T>(key: K, value: T | undefined): { readonly [_ in K]?: T } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [_ in K]?: T });

function onPath(program: string, info: ProcessInfo, host: HostReader): string | undefined {
  return info.path
    .split(':')
    .filter((directory) => directory !== '')
    .map((directory) => `${directory}/${program}`)
    .find((path) => host.exists(path));
}

function nosuidMountOf(paths: readonly string[], host: HostReader): string | undefined {
  if (paths.length === 0) return undefined;
  const mounts = parseMountinfo(host.read('/proc/self/mountinfo') ?? '');
  const found = paths.map((path) => mountOf(path, mounts)).find((mount) => mount?.options.includes('nosuid') === true);
  return found?.mountPoint;
}

function numberIn(host: HostReader, file: string): number | undefined {
  const text = host.read(file)?.trim() ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}
