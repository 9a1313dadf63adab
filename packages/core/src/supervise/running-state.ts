/** What is told of a container at the moment its command runs. */
import type { HostFacts } from '@haco/plan';
import type { Container } from '../container.js';
import type { ContainerState } from '../state/container-state.js';
import { ownGroups } from '../state/groups.js';
import { startTimeOf } from '../state/process-identity.js';

/** The news. */
export function runningState(container: Container, cgroupsSection: unknown, host: HostFacts): Partial<ContainerState> {
  return {
    status: 'running',
    pid: container.pid,
    startTime: startTimeOf(container.pid) ?? null,
    startedAt: new Date().toISOString(),
    finishedAt: null,
    cgroups: ownGroups(container.name, cgroupsSection, host),
  };
}
