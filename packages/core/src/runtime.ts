/** The border to the machine: a builder plans, a Runtime performs. */
import type { Result } from 'neverthrow';
import type { BarrierOperation, HacoError, HostFacts, Plan } from '@haco/plan';
import type { LogEntry } from './log.js';
import {
  announceStart,
  encodePlan,
  launch,
  probeHost,
  wireOrder,
  type EncodedPlan,
  type Launch,
  type Patch,
} from '@haco/sys';
import type { Blank } from './start/blanks.js';

/** A plan to perform, with the descriptors that it needs. */
export interface Performance {
  readonly plan: Plan;
  /** What the plan leaves open: plans are made once, and these values, e.g. of name and arguments, for each start. */
  readonly blanks?: readonly Blank[];
  /** Descriptors that become 0, 1 and 2. */
  readonly stdio: readonly [number, number, number];
  /** Further descriptors by the names that the plan uses. */
  readonly descriptors?: Readonly<Record<string, number>>;
  /** What Node does at a barrier of the plan. */
  readonly onBarrier: (barrier: BarrierOperation, childPid: number) => Promise<Result<void, HacoError>>;
  /** Nobody waits for the moment when the command runs. */
  readonly untilEnd?: boolean;
  /** What {@link Runtime.announce} gave for this start. */
  readonly announced?: number;
}

/** What can be injected in place of the real machine: `haco({ runtime })`. */
export interface Runtime {
  /** Facts of the host that plans are made for. */
  readonly host: () => HostFacts;
  /** Perform a plan. */
  readonly launch: (performance: Performance) => Result<Launch, HacoError>;
  /** A start comes at once: whoever performs it may get ready. A number for {@link Performance.announced}. */
  readonly announce?: () => number;
  /** Takes what is said while containers live, e.g. by hooks; stderr without it. */
  readonly log?: (entry: LogEntry) => void;
}

/** A plan in the launcher's form, with what every start of it would find out again. */
interface Encoding {
  readonly encoded: EncodedPlan;
  readonly channel: boolean;
  /** Where each of the blanks is. */
  readonly places: readonly (readonly number[])[];
}

/** With and without a notice of the moment when the command runs. */
const encodings = { notified: new WeakMap<Plan, Encoding>(), silent: new WeakMap<Plan, Encoding>() };

function placesOf(bytes: Buffer, { placeholder }: Blank): readonly number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(placeholder); at !== -1; at = bytes.indexOf(placeholder, at + 1)) places.push(at);
  return places;
}

/** What the launcher reads there: a value that doesn't fill its blank is a string of its own, which ends after it. */
function patchesOf({ places }: Encoding, blanks: readonly Blank[]): readonly Patch[] {
  return blanks.flatMap(({ placeholder, value }, index) => {
    const bytes = Buffer.from(value);
    const text = bytes.length < placeholder.length ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
    return (places[index] ?? []).map((at) => ({ at, bytes: text }));
  });
}

/** A plan that is performed again (a builder that is run again) is encoded once. */
function encodingOf({ plan, descriptors = {}, blanks = [], untilEnd = false }: Performance): Encoding {
  const cache = untilEnd ? encodings.silent : encodings.notified;
  const known = cache.get(plan);
  if (known !== undefined) return known;
  const encoded = encodePlan(wireOrder(plan.steps), {
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    callerPid: process.pid,
    dieWithCaller: true,
    notify: !untilEnd,
    fds: Object.keys(descriptors),
  });
  const encoding = {
    encoded,
    channel: encoded.usesChannel,
    places: blanks.map((blank) => placesOf(encoded.bytes, blank)),
  };
  cache.set(plan, encoding);
  return encoding;
}

/** This machine. */
export const realRuntime: Runtime = {
  host: () => probeHost(),
  announce: announceStart,
  launch: (performance) => {
    const { blanks = [], stdio, descriptors = {}, onBarrier, untilEnd = false, announced = 0 } = performance;
    const encoding = encodingOf(performance);
    return launch({
      encoded: encoding.encoded,
      patches: patchesOf(encoding, blanks),
      stdio,
      passed: Object.values(descriptors),
      untilEnd,
      announced,
      ...(encoding.channel ? { onBarrier } : {}),
    });
  },
};
