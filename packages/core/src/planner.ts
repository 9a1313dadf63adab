/** Spec and host facts become a plan: pure, so that any host can be planned for on any machine. */
import { sourceOf } from '@haco/bootstrap';
import type { MountsSection } from '@haco/mounts';
import {
  orderSteps,
  ownOnly,
  plain,
  type AnyPart,
  type Enforcement,
  type HostFacts,
  type Plan,
  type SharedFacts,
  type Warning,
} from '@haco/plan';
import { collectFacts, type Spec } from './spec.js';

/** A plan with the facts that it was made from. */
export interface PlannedContainer {
  readonly plan: Plan;
  readonly facts: SharedFacts;
}

/** A root that a strategy provides becomes the root of the mounts, as if it had been written there. */
function resolveRoot(spec: Spec): Spec {
  const rootfs = sourceOf(spec.rootfs);
  return rootfs === undefined ? spec : { ...spec, mounts: { ...(spec['mounts'] as MountsSection), rootfs } };
}

/** What the parts say will fail on this host; one warning per step and kind. */
function collectWarnings(
  parts: readonly AnyPart[],
  spec: Spec,
  context: { host: HostFacts; facts: SharedFacts },
): readonly Warning[] {
  return parts.flatMap((part) => part.check?.(spec[part.key], context) ?? []);
}

/** What the plan leaves out or weakens, because the caller allowed that. */
function collectDegradations(
  parts: readonly AnyPart[],
  spec: Spec,
  context: { host: HostFacts; facts: SharedFacts },
): Readonly<Record<string, Enforcement>> {
  return Object.assign({}, ...parts.map((part) => part.degradations?.(spec[part.key], context) ?? {})) as Record<
    string,
    Enforcement
  >;
}

/**
 * Plan a container.
 *
 * @param name - name of the container: the spec's, or one made up for this start
 */
export function planContainer(
  parts: readonly AnyPart[],
  given: Spec,
  givenHost: HostFacts,
  name: string,
): PlannedContainer {
  // What was looked up on the way here, and facts of hosts that came from JSON, are read as what they say, no more (see plain()).
  const spec = plain(resolveRoot(given));
  const host = plain(givenHost);
  const facts = collectFacts(parts, spec, name, host);
  const context = { host, facts };
  // The launcher's form is made of these: what a step doesn't tolerate, no property of somebody else shall tolerate.
  const steps = orderSteps(ownOnly(parts.flatMap((part) => part.plan(spec[part.key], context))));
  const warnings = collectWarnings(parts, spec, context);
  const degradations = collectDegradations(parts, spec, context);
  const plan = { version: 1, name: spec.identity.name ?? '', steps, warnings } as const;
  return { plan: Object.keys(degradations).length === 0 ? plan : { ...plan, degradations }, facts };
}
