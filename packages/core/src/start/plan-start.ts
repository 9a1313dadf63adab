/** From spec to a plan for this start: names are looked up, a name is made up, and what will fail is refused. */
import { err, ok, type Result } from 'neverthrow';
import { sourceOf } from '@haco/bootstrap';
import { resolveBlockDevices, type CgroupsSection } from '@haco/cgroups';
import { filterProblems, prepareSeccomp, type SeccompSection } from '@haco/confine';
import { StateError, type AnyPart, type HacoError, type HostFacts, type Plan, type SharedFacts } from '@haco/plan';
import { checkLibc, type Launch } from '@haco/sys';
import { checkRestorable, keeperSpec, tellRestore } from '../checkpoint/restore-spec.js';
import { restoreOf, type RestoreSection } from '../checkpoint/section.js';
import { warningsError } from '../failure.js';
import { resolveUser } from '../lookup-user.js';
import { planContainer } from '../planner.js';
import { create } from '../rootfs/create.js';
import type { Performance } from '../runtime.js';
import type { Spec } from '../spec.js';
import { blanksOf, filled, namePlaceholder, withBlanks, type Blank } from './blanks.js';
import { makeUpName } from './made-up-name.js';
import { knownPlan, rememberPlan } from './plan-cache.js';
import type { StartInput } from './start-input.js';

/** A plan with what was decided beside it. */
export interface PlannedStart {
  readonly plan: Plan;
  readonly facts: SharedFacts;
  readonly name: string;
  /** What the plan leaves open, and the values of this start. */
  readonly blanks: readonly Blank[];
  /** Whether the same plan may be performed again: it holds no looked-up id. */
  readonly reusable: boolean;
  /**
   * Who performs the plan, where that isn't the runtime alone.
   *
   * @param emptyOutput - empties the files that the output replaces; for when everything that can be looked at before is found good
   */
  readonly perform?: (
    performance: Performance,
    emptyOutput: () => Result<void, HacoError>,
  ) => Result<Launch, HacoError>;
}

/** Where the root of the container is on the host, as far as names of users are concerned. */
function userRoot(spec: Spec, facts: SharedFacts): string {
  const source = sourceOf(spec.rootfs);
  return facts.rootfs ?? (source !== undefined && 'path' in source ? source.path : '/');
}

/** Devices by path become numbers, where the plan is for this machine. */
function withDeviceNumbers(spec: Spec, host: HostFacts): Result<Spec, HacoError> {
  const section = spec['cgroups'] as CgroupsSection | undefined;
  if (section === undefined || !isThisMachine(host)) return ok(spec);
  return resolveBlockDevices(section).map((cgroups) => (cgroups === section ? spec : { ...spec, cgroups }));
}

/**
 * Plan for the host of the runtime.
 *
 * @param name - name of the container, where the spec has none
 */
export function planStart(
  { parts, spec, runtime }: StartInput,
  name = spec.identity.name ?? makeUpName(),
): Result<PlannedStart, HacoError> {
  const host = runtime.host();
  return checkHere(host)
    .andThen(() => checkRestorable(spec))
    .andThen(() => withDeviceNumbers(spec, host))
    .andThen((resolved) => {
      const planned =
        restoreOf(spec) === undefined ? planOn(host, parts, resolved, name) : planRestore(host, parts, resolved, name);
      // A path may mean another device the next time.
      return resolved === spec ? planned : planned.map((plan) => ({ ...plan, reusable: false }));
    });
}

/** What this process can't do at all is said first, and alone. */
function checkHere(host: HostFacts): Result<void, HacoError> {
  return isThisMachine(host) ? checkLibc() : ok();
}

/** A restore makes what a container is found in; what the container is, for who asks, is what its spec says. */
function planRestore(
  host: HostFacts,
  parts: readonly AnyPart[],
  spec: Spec,
  name: string,
): Result<PlannedStart, HacoError> {
  const { facts } = planContainer(parts, spec, host, name);
  const where = restoreOf(spec)?.directory ?? 'its checkpoint';
  return planOn(host, parts, keeperSpec(parts, spec, name, host), name).map((planned) => ({
    ...planned,
    plan: tellRestore(planned.plan, where),
    facts,
    reusable: false,
  }));
}

function planOn(host: HostFacts, parts: readonly AnyPart[], spec: Spec, name: string): Result<PlannedStart, HacoError> {
  const first = planContainer(parts, spec, host, name);
  const { user } = spec.process;
  const lookedUp = user === undefined ? ok(spec.process) : resolveUser(spec.process, userRoot(spec, first.facts));
  return lookedUp.andThen((process) =>
    withPrograms(process === spec.process ? spec : { ...spec, process }, host, first.facts).map((resolved) => {
      const { plan, facts } = resolved === spec ? first : planContainer(parts, resolved, host, name);
      const warnings = [...plan.warnings, ...(isThisMachine(host) ? filterProblems(plan.steps) : [])];
      return {
        plan: { ...plan, warnings },
        facts,
        name,
        blanks: [],
        reusable: process === spec.process && !readsFilters(spec),
      };
    }),
  );
}

/** Profiles of system calls become programs, where the plan is for this machine. */
function withPrograms(spec: Spec, host: HostFacts, facts: SharedFacts): Result<Spec, HacoError> {
  const section = spec['seccomp'] as SeccompSection | undefined;
  if (section === undefined || !isThisMachine(host)) return ok(spec);
  return prepareSeccomp(section, { host, facts }).map((seccomp) => (seccomp === section ? spec : { ...spec, seccomp }));
}

/** A file may say something else the next time. */
function readsFilters(spec: Spec): boolean {
  const section = spec['seccomp'] as SeccompSection | undefined;
  return section?.filters?.some((filter) => 'file' in filter) === true;
}

/** Facts of this machine, not of one that was stored. */
export function isThisMachine(host: HostFacts): boolean {
  return host.pid === process.pid;
}

function refuse(planned: PlannedStart, spec: Spec): Result<PlannedStart, HacoError> {
  if (planned.plan.warnings.length === 0) return ok(planned);
  const plan = filled(planned.plan, forSpec(planned, spec).blanks);
  const [first, ...others] = plan.warnings;
  return first === undefined ? ok(planned) : err(warningsError([first, ...others], plan));
}

/** Why nothing is started any more, when that is so. */
export function alreadyAborted(spec: Spec): StateError | undefined {
  return spec.control.abort?.value.aborted === true
    ? new StateError({ what: 'start the container', state: 'its AbortSignal is aborted', remedy: 'use a fresh signal' })
    : undefined;
}

/**
 * Everything before the launch: the root is made when it isn't there, and the plan, unless an equal spec was planned before.
 */
export async function preparePlan(input: StartInput): Promise<Result<PlannedStart, HacoError>> {
  const aborted = alreadyAborted(input.spec);
  if (aborted !== undefined) return err(aborted);
  if (input.spec.rootfs.strategy !== undefined) {
    const signal = input.spec.control.abort?.value;
    const made = await create(input, signal === undefined ? {} : { signal });
    if (made.isErr()) return err(made.error);
  }
  const restore = restoreOf(input.spec);
  if (restore !== undefined) return prepareRestore(input, restore);
  const known = knownPlan(input);
  if (known !== undefined) return ok(forSpec(known, input.spec));
  // A name that is another for each start must not make each plan another one: it is put in at the very end, as arguments are.
  return planStart({ ...input, spec: withBlanks(input.spec) }, namePlaceholder(input.spec.identity.name))
    .andThen((planned) => refuse(planned, input.spec))
    .map((planned) => {
      if (planned.reusable) rememberPlan(input, planned);
      return forSpec(planned, input.spec);
    });
}

/** Loaded when it is needed: most programs never restore. */
async function prepareRestore(input: StartInput, section: RestoreSection): Promise<Result<PlannedStart, HacoError>> {
  const { launchRestore } = await import('../checkpoint/restore-launch.js');
  return planStart(input)
    .andThen((planned) => refuse(planned, input.spec))
    .map((planned) => ({
      ...planned,
      perform: (performance, emptyOutput) => launchRestore(input, planned, section, { performance, emptyOutput }),
    }));
}

/** The plan for one start: with its values, and its name, which is made up where the spec has none. */
function forSpec(planned: PlannedStart, spec: Spec): PlannedStart {
  const { name = makeUpName() } = spec.identity;
  return { ...planned, name, blanks: blanksOf(spec, name) };
}
