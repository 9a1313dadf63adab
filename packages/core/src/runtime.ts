/** The border to the machine: a builder plans, a Runtime performs. */
import type { Result } from 'neverthrow';
import type { BarrierOperation, HacoError, HostFacts, Plan } from '@haco/plan';
import { encodePlan, launch, needsChannel, probeHost, wireOrder, type EncodedPlan, type Launch } from '@haco/sys';

/** A plan to perform, with the descriptors that it needs. */
export interface Performance {
  readonly plan: Plan;
  /** `placeholder` in the plan stands for `name`, which has the same length: plans are made once, names for each start. */
  readonly rename?: { readonly placeholder: string; readonly name: string };
  /** Descriptors that become 0, 1 and 2. */
  readonly stdio: readonly [number, number, number];
  /** Further descriptors by the names that the plan uses. */
  readonly descriptors?: Readonly<Record<string, number>>;
  /** What Node does at a barrier of the plan. */
  readonly onBarrier: (barrier: BarrierOperation, childPid: number) => Promise<Result<void, HacoError>>;
  /** Nobody waits for the moment when the command runs. */
  readonly untilEnd?: boolean;
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

const placeholders = new WeakMap<EncodedPlan, readonly number[]>();

/** Where the placeholder stands in an encoded plan. */
function placesOf(encoded: EncodedPlan, placeholder: string): readonly number[] {
  const known = placeholders.get(encoded);
  if (known !== undefined) return known;
  const places: number[] = [];
  for (let at = encoded.bytes.indexOf(placeholder); at !== -1; at = encoded.bytes.indexOf(placeholder, at + 1)) {
    places.push(at);
  }
  placeholders.set(encoded, places);
  return places;
}

/** A copy of an encoded plan with the name in it. */
function withNameIn(encoded: EncodedPlan, rename: Performance['rename']): EncodedPlan {
  if (rename === undefined) return encoded;
  const places = placesOf(encoded, rename.placeholder);
  if (places.length === 0) return encoded;
  const bytes = Buffer.from(encoded.bytes);
  for (const at of places) bytes.write(rename.name, at, 'latin1');
  return { ...encoded, bytes };
}

/** This machine. */
export const realRuntime: Runtime = {
  host: () => probeHost(),
  launch: ({ plan, rename, stdio, descriptors = {}, onBarrier, untilEnd = false }) =>
    launch({
      encoded: withNameIn(encodingOf(plan, Object.keys(descriptors)), rename),
      stdio,
      passed: Object.values(descriptors),
      untilEnd,
      ...(needsChannel(plan.steps) ? { onBarrier } : {}),
    }),
};
