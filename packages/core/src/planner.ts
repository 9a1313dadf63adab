/** Spec and host facts become a plan: pure, so that any host can be planned for on any machine. */
import { sourceOf } from '@haco/bootstrap';
import type { MountsSection } from '@haco/mounts';
import {
  orderSteps,
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
export function planContainer(parts: readonly AnyPart[], given: Spec, host: HostFacts, name: string): PlannedContainer {
  const spec = resolveRoot(given);
  const facts = collectFacts(parts, spec, name, host);
  const context = { host, facts };
  const steps = orderSteps(parts.flatMap((part) => part.plan(spec[part.key], context)));
  const warnings = collectWarnings(parts, spec, context);
  const degradations = collectDegradations(parts, spec, context);
  const plan = { version: 1, name: spec.identity.name ?? '', steps, warnings } as const;
  return { plan: Object.keys(degradations).length === 0 ? plan : { ...plan, degradations }, facts };
}
