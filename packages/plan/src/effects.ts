/** What Node does for a part around a start: the only effects of a part, everything else of it is pure. */
import type { Result } from 'neverthrow';
import type { HacoError } from './errors.js';
import type { HostFacts } from './host-facts.js';
import type { SharedFacts } from './part.js';

/** What an effect is done for: one start. */
export interface Moment {
  /** Name of the container; also one that was made up for this start. */
  readonly name: string;
  readonly host: HostFacts;
  readonly facts: SharedFacts;
  /** Aborted when the caller gives the start up, and when the container has ended: nothing of the effect should go on then. */
  readonly signal: AbortSignal;
  /** End the start, or the container that runs; this error is then the answer, unless there is one already. */
  readonly fail: (error: HacoError) => void;
}

/** The start waits at a barrier of the plan. */
export interface BarrierMoment extends Moment {
  /** Name of the barrier. */
  readonly barrier: string;
  /** The container's first process, as Node sees it; 0 before phase `clone` is over. */
  readonly childPid: number;
}

/** The command runs. */
export interface RunningMoment extends Moment {
  /** The container's first process, as Node sees it. */
  readonly pid: number;
}

/** How a container has ended: what is common to all outcomes. */
export interface EndSummary {
  /** E.g. `exited`, `signaled`, `timeout`. */
  readonly reason: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** It is over: no process of the container is left, its groups are removed. */
export interface EndMoment extends Moment {
  /** Why the start failed, or what could not be undone. */
  readonly error?: HacoError;
  /** How the container has ended; missing when there is an error. */
  readonly outcome?: EndSummary;
}

/** The result of an effect: a promise, or a ResultAsync. */
export type EffectResult = PromiseLike<Result<void, HacoError>>;

/**
 * What Node does for a part around one start. It is asked for at each start, so one object belongs to one container and may keep what
 * it has made. When several parts have effects, they come in the order of the parts; `after` in the reverse order.
 *
 * They are for what has to be done on the host by Node. What the container's process or the launcher can do belongs into the plan:
 * there it is explained, and undone also when Node is killed.
 */
export interface PartEffects {
  /** Before the launcher is started. An error fails the start. */
  readonly before?: (moment: Moment) => EffectResult;
  /**
   * While the start waits at a barrier of the plan (`{ op: 'barrier', name }`), by the barrier's name: `<part>.<what>`. An error fails
   * the start, with everything that was made being undone.
   */
  readonly barriers?: Readonly<Record<string, (moment: BarrierMoment) => EffectResult>>;
  /**
   * The command runs. `start()` gives the handle afterwards; the container isn't stopped meanwhile. An error kills it, and is the
   * answer.
   */
  readonly running?: (moment: RunningMoment) => EffectResult;
  /**
   * After the container's end, or after a start that failed once `before` had been called (or its turn had come): exactly once. Its
   * error never hides the first one: it is added to that one's `cleanup`.
   */
  readonly after?: (moment: EndMoment) => EffectResult;
  /**
   * Further effects, nearest to the container: after those of all other parts before and while it starts, before theirs when it has
   * ended.
   */
  readonly innermost?: Omit<PartEffects, 'innermost'>;
}
