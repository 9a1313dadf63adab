/** Hosts and contexts for the unit tests of this package. */
import { noFacts, type HostFacts, type NamespaceKind, type PlanContext, type SharedFacts } from '@haco/plan';
import { bareHost } from '@haco/testkit';
import { mounts } from './part.js';
import { emptySection, type MountsSection } from './section.js';

/** Root on a current kernel with cgroup v2. */
export const rootHost: HostFacts = {
  ...bareHost,
  capabilities: ['mknod', 'sys_admin', 'sys_chroot'],
  cgroups: {
    mode: 'v2',
    v1: {},
    v2: { mountPoint: '/sys/fs/cgroup', ownGroup: '/', writable: true, controllers: [], subtreeControl: [] },
  },
  userNamespaces: { ...bareHost.userNamespaces, newidmap: true },
};

/** An ordinary user. */
export const userHost: HostFacts = { ...rootHost, euid: 1000, egid: 1000, capabilities: [] };

/** A host whose kernel is older than mount_setattr(2). */
export const oldHost: HostFacts = {
  ...rootHost,
  kernel: { release: '5.11.0', major: 5, minor: 11 },
  features: { ...rootHost.features, mount_setattr: false },
};

/** A hybrid host, with two controllers that share a hierarchy. */
export const hybridHost: HostFacts = {
  ...rootHost,
  cgroups: {
    mode: 'hybrid',
    v1: {
      cpu: { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownGroup: '/', writable: true },
      cpuacct: { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownGroup: '/', writable: true },
      memory: { mountPoint: '/sys/fs/cgroup/memory', ownGroup: '/', writable: true },
      'name=systemd': { mountPoint: '/sys/fs/cgroup/systemd', ownGroup: '/', writable: true },
    },
    v2: { mountPoint: '/sys/fs/cgroup/unified', ownGroup: '/', writable: true, controllers: [], subtreeControl: [] },
  },
};

/** A section with what is given. */
export function sectionWith(fields: Partial<MountsSection>): MountsSection {
  return { ...emptySection, ...fields };
}

/** The context that core would make for these new namespaces. */
export function contextOf(
  section: MountsSection,
  host: HostFacts,
  unshared: readonly NamespaceKind[],
  facts: Partial<SharedFacts> = {},
): PlanContext {
  const id = { inside: 0, outside: host.euid, count: 1 };
  return {
    host,
    facts: {
      ...noFacts,
      unshared,
      ...(unshared.includes('user') ? { idMap: { kind: 'self', uid: [id], gid: [id] } } : {}),
      ...mounts.facts(section),
      ...facts,
    },
  };
}
