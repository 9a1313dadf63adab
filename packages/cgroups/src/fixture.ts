/** Hosts and contexts for the unit tests of this package. */
import { noFacts, type CgroupFacts, type HostFacts, type PlanContext, type SharedFacts } from '@haco/plan';
import { bareHost } from '@haco/testkit';
import { cgroups } from './part.js';
import type { CgroupsSection } from './section.js';

function at(controller: string, ownGroup = '/'): CgroupFacts['v1'][string] {
  return { mountPoint: `/sys/fs/cgroup/${controller}`, ownGroup, writable: true };
}

/** Root, v1 controllers each mounted apart, and a v2 hierarchy that has none of them. */
export const hybridHost: HostFacts = {
  ...bareHost,
  cgroups: {
    mode: 'hybrid',
    v1: { cpu: at('cpu'), cpuset: at('cpuset'), memory: at('memory', '/service'), pids: at('pids') },
    v2: {
      mountPoint: '/sys/fs/cgroup/unified',
      ownGroup: '/',
      writable: true,
      controllers: ['hugetlb'],
      subtreeControl: [],
    },
  },
};

/** A host with these cgroups. */
export function hostWith(facts: CgroupFacts, fields: Partial<HostFacts> = {}): HostFacts {
  return { ...hybridHost, cgroups: facts, ...fields };
}

/** A v2 hierarchy as it is on a host without v1. */
export function v2With(fields: Partial<NonNullable<CgroupFacts['v2']>> = {}): CgroupFacts {
  return {
    mode: 'v2',
    v1: {},
    v2: {
      mountPoint: '/sys/fs/cgroup',
      ownGroup: '/',
      writable: true,
      controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
      subtreeControl: [],
      ...fields,
    },
  };
}

/** The context that core would make. */
export function contextOf(section: CgroupsSection, host: HostFacts, facts: Partial<SharedFacts> = {}): PlanContext {
  return {
    host,
    facts: {
      ...noFacts,
      name: 'x',
      ...cgroups.facts(section, host),
      ...facts,
    },
  };
}
