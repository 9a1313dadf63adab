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
import type { Builder } from '../builder.js';
import type { Spec } from '../spec.js';
import type { CheckpointNote } from './image.js';
import type { RestoredMount } from './restore-command.js';
import { restoreOf } from './section.js';

/** Sections that are made anew for a restored container. */
const kept = new Set(['identity', 'cgroups', 'network', 'namespaces', 'process']);

/** Only its network, with the settings of that: CRIU makes the other namespaces. */
function onlyNet({ unshare, enter, persist, sysctls = {} }: NamespacesSection): NamespacesSection {
  const isNet = ({ kind }: { readonly kind: string }): boolean => kind === 'net';
  const settings = Object.entries(sysctls).filter(([name]) => /^net[./]/.test(name));
  return {
    unshare: unshare.filter((kind) => kind === 'net'),
    enter: enter.filter(isNet),
    persist: persist.filter(isNet),
    ...(settings.length === 0 ? {} : { sysctls: Object.fromEntries(settings) }),
  };
}

/** With a group in any case: what a restore that fails in the middle has made is found by it. */
function withGroup(section: CgroupsSection, name: string, host: HostFacts): CgroupsSection {
  if (containerDirs(name, section, host).length > 0) return section;
  const grouped = cgroups.verbs.resources(section, { freeze: false });
  return grouped instanceof Rejected || containerDirs(name, grouped, host).length === 0 ? section : grouped;
}

/** What of a spec is made anew for a restored container: its groups and its network. */
export function placeOf(spec: Spec): Partial<Spec> {
  const sections = Object.entries(spec).filter(([key]) => kept.has(key));
  return {
    ...Object.fromEntries(sections),
    version: 1,
    namespaces: onlyNet(spec['namespaces'] as NamespacesSection),
    process: emptyProcess,
  };
}

/** What CRIU has for itself, and what is of it in the restored processes. */
export function shapeCriu(
  builder: Builder,
  { mounts, cgroup }: CheckpointNote,
  { rootfs, sources }: { readonly rootfs: string | undefined; readonly sources: readonly RestoredMount[] },
): Builder {
  // It leaves the groups alone, and with them their namespace: what it makes has its own.
  const grouped = cgroup ? builder.unshare('cgroup') : builder;
  if (!mounts || rootfs === undefined) return grouped;
  // Of several mounts of one filesystem, CRIU 4.2 gives the options to the first only; a bind mount takes them from where it is bound.
  return sources.reduce(
    (all, { source, place, attributes }) =>
      source === undefined
        ? all.mount('tmpfs', place, { ...attributes, type: 'tmpfs', data: 'mode=755' })
        : all.mount(source, place, { ...attributes, recursive: false }),
    // It begins with the root directory as a mount of its own.
    grouped.unshare('mount').mount(rootfs, rootfs),
  );
}

/** The spec of the process that keeps the place. */
export function keeperSpec(parts: readonly AnyPart[], spec: Spec, name: string, host: HostFacts): Spec {
  const empty = Object.fromEntries(parts.map((part): readonly [string, unknown] => [part.key, part.empty]));
  return {
    ...(empty as Spec),
    ...placeOf(spec),
    cgroups: withGroup(spec['cgroups'] as CgroupsSection, name, host),
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
