/** From spec to a plan for this start: names are looked up, a name is made up, and what will fail is refused. */
import { randomBytes } from 'node:crypto';
import { err, ok, type Result } from 'neverthrow';
import { prepareRootfs, sourceOf } from '@haco/bootstrap';
import { resolveBlockDevices, type CgroupsSection } from '@haco/cgroups';
import { StateError, type AnyPart, type HacoError, type HostFacts, type Plan, type SharedFacts } from '@haco/plan';
import { warningError } from '../failure.js';
import { resolveUser } from '../lookup-user.js';
import { planContainer } from '../planner.js';
import type { Spec } from '../spec.js';
import { knownPlan, rememberPlan } from './plan-cache.js';
import type { StartInput } from './start-input.js';

/** A plan with what was decided beside it. */
export interface PlannedStart {
  readonly plan: Plan;
  readonly facts: SharedFacts;
  readonly name: string;
  /** Whether the same plan may be performed again: it holds no made-up name and no looked-up id. */
  readonly reusable: boolean;
}

/** Where the root of the container is on the host, as far as names of users are concerned. */
function userRoot(spec: Spec, facts: SharedFacts): string {
  const source = sourceOf(spec.rootfs);
  return facts.rootfs ?? (source !== undefined && 'path' in source ? source.path : '/');
}

/** The name of one start: the spec's, or a new one. */
function nameOf(spec: Spec): string {
  return spec.identity.name ?? `haco-${randomBytes(6).toString('hex')}`;
}

/** Devices by path become numbers, where the plan is for this machine. */
function withDeviceNumbers(spec: Spec, host: HostFacts): Result<Spec, HacoError> {
  const section = spec['cgroups'] as CgroupsSection | undefined;
  if (section === undefined || host.pid !== process.pid) return ok(spec);
  return resolveBlockDevices(section).map((cgroups) => (cgroups === section ? spec : { ...spec, cgroups }));
}

/** Plan for the host of the runtime; refuses what will fail. */
export function planStart({ parts, spec, runtime }: StartInput): Result<PlannedStart, HacoError> {
  const host = runtime.host();
  return withDeviceNumbers(spec, host).andThen((resolved) => {
    const planned = planOn(host, parts, resolved);
    // A path may mean another device the next time.
    return resolved === spec ? planned : planned.map((plan) => ({ ...plan, reusable: false }));
  });
}

function planOn(host: HostFacts, parts: readonly AnyPart[], spec: Spec): Result<PlannedStart, HacoError> {
  const name = nameOf(spec);
  const first = planContainer(parts, spec, host, name);
  const { user } = spec.process;
  const lookedUp = user === undefined ? ok(spec.process) : resolveUser(spec.process, userRoot(spec, first.facts));
  return lookedUp.map((process) => {
    const { plan, facts } = process === spec.process ? first : planContainer(parts, { ...spec, process }, host, name);
    const nameMatters = spec.identity.name === undefined && JSON.stringify(plan.steps).includes(name);
    return { plan, facts, name, reusable: !nameMatters && process === spec.process };
  });
}

function refuse(planned: PlannedStart): Result<PlannedStart, HacoError> {
  const [warning] = planned.plan.warnings;
  return warning === undefined ? ok(planned) : err(warningError(warning, planned.plan));
}

function alreadyAborted(spec: Spec): StateError | undefined {
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
    const made = await prepareRootfs(input.spec.rootfs, signal === undefined ? {} : { signal });
    if (made.isErr()) return err(made.error);
  }
  const known = knownPlan(input);
  // Where the name doesn't matter to the plan, each start still has its own.
  if (known !== undefined) return ok({ ...known, name: nameOf(input.spec) });
  return planStart(input)
    .andThen(refuse)
    .map((planned) => {
      if (planned.reusable) rememberPlan(input, planned);
      return planned;
    });
}
