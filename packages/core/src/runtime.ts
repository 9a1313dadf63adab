/** The border to the machine: a builder plans, a Runtime performs. */
import type { Result } from 'neverthrow';
import type { BarrierOperation, HacoError, HostFacts, Plan } from '@haco/plan';
import { encodePlan, launch, needsChannel, probeHost, wireOrder, type EncodedPlan, type Launch } from '@haco/sys';

/** A plan to perform, with the descriptors that it needs. */
export interface Performance {
  readonly plan: Plan;
  /** Descriptors that become 0, 1 and 2. */
  readonly stdio: readonly [number, number, number];
  /** Further descriptors by the names that the plan uses. */
  readonly descriptors?: Readonly<Record<string, number>>;
  /** What Node does at a barrier of the plan. */
  readonly onBarrier: (barrier: BarrierOperation, childPid: number) => Promise<Result<void, HacoError>>;
}

/** What can be injected in place of the real machine: `haco({ runtime })`. */
export interface Runtime {
  /** Facts of the host that plans are made for. */
  readonly host: () => HostFacts;
  /** Perform a plan. */
  readonly launch: (performance: Performance) => Result<Launch, HacoError>;
}

const encodings = new WeakMap<Plan, EncodedPlan>();

/** A plan that is performed again (a builder that is run again) is encoded once. */
function encodingOf(plan: Plan, fds: readonly string[]): EncodedPlan {
  const known = encodings.get(plan);
  if (known !== undefined) return known;
  const steps = wireOrder(plan.steps);
  const encoded = encodePlan(steps, {
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    callerPid: process.pid,
    dieWithCaller: true,
    notify: true,
    fds,
  });
  encodings.set(plan, encoded);
  return encoded;
}

/** This machine. */
export const realRuntime: Runtime = {
  host: () => probeHost(),
  launch: ({ plan, stdio, descriptors = {}, onBarrier }) =>
    launch({
      encoded: encodingOf(plan, Object.keys(descriptors)),
      stdio,
      passed: Object.values(descriptors),
      ...(needsChannel(plan.steps) ? { onBarrier } : {}),
    }),
};
