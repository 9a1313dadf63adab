/** Hosts and contexts for the unit tests of this package. */
import {
  noFacts,
  renderPlan,
  type ConfinementFacts,
  type HostFacts,
  type PlanContext,
  type SharedFacts,
  type Step,
} from '@haco/plan';
import { storedHosts } from '@haco/testkit';

/** What a current kernel has. */
export const confinement: ConfinementFacts = {
  landlockAbi: 7,
  securityModules: ['landlock'],
  keyrings: true,
  coreScheduling: 'available',
  speculation: { storeBypass: 'controllable', indirectBranch: 'controllable', l1dFlush: 'not-affected' },
};

/** A host that differs from a current one in this. */
export function hostWith(changes: Partial<ConfinementFacts>, host: HostFacts = storedHosts.v2): HostFacts {
  return { ...host, confinement: { ...confinement, ...changes } };
}

/** The context that core would make. */
export function contextOf(host: HostFacts = hostWith({}), facts: Partial<SharedFacts> = {}): PlanContext {
  return { host, facts: { ...noFacts, name: 'x', ...facts } };
}

/** The system calls of steps as explain() shows them. */
export function callsOf(steps: readonly Step[]): readonly string[] {
  return renderPlan({ version: 1, name: '', steps, warnings: [] })
    .split('\n')
    .filter((line) => /^ {6}/.test(line))
    .map((line) => line.trim());
}
