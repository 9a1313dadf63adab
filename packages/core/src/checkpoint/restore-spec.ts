/** What a restore starts itself: a process that keeps the groups and the network of the container, in which CRIU puts the saved ones. */
import { cgroups, containerDirs, type CgroupsSection } from '@haco/cgroups';
import type { NamespacesSection } from '@haco/namespaces';
import {
  InvalidSpecError,
  issue,
  Rejected,
  type AnyPart,
  type HacoError,
  type HostFacts,
  type Issue,
  type Plan,
} from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { execStepId } from '../process/exec.js';
import { emptyProcess } from '../process/section.js';
import type { Spec } from '../spec.js';
import { restoreOf } from './section.js';

/** Sections that are made anew for a restored container. */
const kept = new Set(['identity', 'cgroups', 'network', 'namespaces', 'process']);

/** Only its network: CRIU makes the other namespaces. */
function onlyNet({ unshare, enter, persist }: NamespacesSection): NamespacesSection {
  const isNet = ({ kind }: { readonly kind: string }): boolean => kind === 'net';
  return {
    unshare: unshare.filter((kind) => kind === 'net'),
    enter: enter.filter(isNet),
    persist: persist.filter(isNet),
  };
}

/** With a group in any case: what a restore that fails in the middle has made is found by it. */
function withGroup(section: CgroupsSection, name: string, host: HostFacts): CgroupsSection {
  if (containerDirs(name, section, host).length > 0) return section;
  const grouped = cgroups.verbs.resources(section, { freeze: false });
  return grouped instanceof Rejected || containerDirs(name, grouped, host).length === 0 ? section : grouped;
}

/** The spec of the process that keeps the place. */
export function keeperSpec(parts: readonly AnyPart[], spec: Spec, name: string, host: HostFacts): Spec {
  const sections = parts.map(({ key, empty }): readonly [string, unknown] => [key, kept.has(key) ? spec[key] : empty]);
  return {
    ...(Object.fromEntries(sections) as Spec),
    version: 1,
    cgroups: withGroup(spec['cgroups'] as CgroupsSection, name, host),
    namespaces: onlyNet(spec['namespaces'] as NamespacesSection),
    process: { ...emptyProcess, command: { file: '/bin/sleep', args: ['infinity'] } },
  };
}

/** The plan of that process, in the words of a restore. */
export function tellRestore(plan: Plan, directory: string): Plan {
  const steps = plan.steps.map((step) =>
    step.id === execStepId
      ? {
          ...step,
          label: `wait as /bin/sleep, while CRIU restores the processes of ${directory} beside it`,
          why: 'the groups and the network are kept by it until the restored processes have ended; those are children of Node',
          from: 'checkpoint.restore',
          source: 'criu(8)',
        }
      : step,
  );
  return { ...plan, steps };
}

/** Why a spec can't be restored. */
export function checkRestorable(spec: Spec): Result<void, HacoError> {
  if (restoreOf(spec) === undefined) return ok();
  const { tty, startFifo, parked } = spec.process;
  const { unshare, enter } = spec['namespaces'] as NamespacesSection;
  const hasUser = unshare.includes('user') || enter.some(({ kind }) => kind === 'user');
  const issues: readonly Issue[] = [
    ...(tty === undefined ? [] : [issue('process.tty', 'a restored container has no terminal; leave it out')]),
    ...(startFifo === undefined
      ? []
      : [issue('process.startFifo', 'a restored container has begun already; leave it out')]),
    ...(parked === true ? [issue('process', 'a pool makes containers for commands; start() a restored one')] : []),
    ...(hasUser
      ? [issue('namespaces', 'containers with a user namespace are neither saved nor restored; leave it out')]
      : []),
  ];
  return issues.length === 0 ? ok() : err(new InvalidSpecError({ issues }));
}
