/** Hosts and contexts for the unit tests of this package. */
import { capabilityNames, noFacts, type HostFacts, type PlanContext, type SharedFacts } from '@haco/plan';
import { bareHost } from '@haco/testkit';

/** Root on a current kernel. */
export const rootHost: HostFacts = {
  ...bareHost,
  capabilities: capabilityNames,
  knownCapabilities: capabilityNames,
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
