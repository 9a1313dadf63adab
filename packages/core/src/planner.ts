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
  type PlanContext,
  type SharedFacts,
  type Step,
  type Warning,
} from '@haco/plan';
import { factsKeyOf, PartMemo } from './part-memo.js';
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

/** What one part contributes to a plan. */
interface Contribution {
  readonly steps: readonly Step[];
  /** What will fail on this host; one warning per step and kind. */
  readonly warnings: readonly Warning[];
  /** What the plan leaves out or weakens, because the caller allowed that. */
  readonly degradations: Readonly<Record<string, Enforcement>>;
}

const contributions = new PartMemo<Contribution>();

function contribute(part: AnyPart, section: unknown, context: PlanContext): Contribution {
  return {
    // The launcher's form is made of these: what a step doesn't tolerate, no property of somebody else shall tolerate.
    steps: ownOnly(part.plan(section, context)),
    warnings: part.check?.(section, context) ?? [],
    degradations: part.degradations?.(section, context) ?? {},
  };
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
  const factsKey = factsKeyOf(facts);
  const all = parts.map((part) => {
    const section = spec[part.key];
    return contributions.of(part, section, host, factsKey, () => contribute(part, section, context));
  });
  const steps = orderSteps(all.flatMap((one) => one.steps));
  const warnings = all.flatMap((one) => one.warnings);
  const degradations = Object.assign({}, ...all.map((one) => one.degradations)) as Contribution['degradations'];
  const plan = { version: 1, name: spec.identity.name ?? '', steps, warnings } as const;
  return { plan: Object.keys(degradations).length === 0 ? plan : { ...plan, degradations }, facts };
}
