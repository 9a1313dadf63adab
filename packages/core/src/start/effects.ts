/** What Node does for the parts of one container: in order before and while it starts, in reverse order and exactly once afterwards. */
import { err, ok, type Result } from 'neverthrow';
import {
  HookError,
  type AnyPart,
  type EffectResult,
  type EndMoment,
  type EndSummary,
  type HacoError,
  type Moment,
  type PartEffects,
} from '@haco/plan';
import { filled } from './blanks.js';
import { alreadyAborted, type PlannedStart } from './plan-start.js';
import type { StartInput } from './start-input.js';

/** The effects of one part. */
interface Effective {
  readonly key: string;
  readonly effects: PartEffects;
}

/** Which parts of a list may have effects: asked for at every start, so it is kept. */
const capable = new WeakMap<readonly AnyPart[], readonly AnyPart[]>();

function capableParts(parts: readonly AnyPart[]): readonly AnyPart[] {
  let known = capable.get(parts);
  if (known === undefined) capable.set(parts, (known = parts.filter((part) => part.effects !== undefined)));
  return known;
}

/** The effects of a start; undefined when no part has any. */
export function effectsOf(input: StartInput, planned: PlannedStart): StartEffects | undefined {
  let list: Effective[] | undefined;
  let inner: Effective[] | undefined;
  for (const { key, effects } of capableParts(input.parts)) {
    const found = effects?.(input.spec[key]);
    if (found === undefined) continue;
    (list ??= []).push({ key, effects: found });
    if (found.innermost !== undefined) (inner ??= []).push({ key, effects: found.innermost });
  }
  if (list === undefined) return undefined;
  return new StartEffects(inner === undefined ? list : [...list, ...inner], input, planned);
}

/** Throwing is a mistake of the part; the container must not suffer from it in silence. */
async function guarded(what: string, effect: () => EffectResult): Promise<Result<void, HacoError>> {
  try {
    return await effect();
  } catch (cause) {
    return err(new HookError({ hook: what, cause }));
  }
}

/** What core's own parts are told besides. */
export interface CoreMoment extends Moment {
  readonly input: StartInput;
  /** What the effects of one start tell each other, and whoever holds the container's handle. */
  readonly shared: SharedState;
}

/** Of one start. */
export interface SharedState {
  /** Settles when the container is ready, where somebody looks for that. */
  ready?: Promise<Result<void, HacoError>>;
  /** What hooks keep for each other. */
  readonly values: Map<string, unknown>;
}

/** All effects of one start. */
export class StartEffects {
  /** The first error that an effect gave by `fail`. */
  failure: HacoError | undefined;
  /** Whether somebody waits for the moment when the command runs. */
  readonly awaitsRunning: boolean;
  readonly shared: SharedState = { values: new Map() };
  private readonly moment: CoreMoment;
  private readonly over = new AbortController();
  /** Settles when the start is given up: by the caller's signal, or by an effect. */
  private readonly givenUp: Promise<Result<void, HacoError>>;
  private giveUp!: () => void;
  /** How many parts had their turn before the start: so many have one after it. */
  private begun = 0;
  private undone: Promise<readonly HacoError[]> | undefined;
  private stop: (error: HacoError) => void = () => undefined;

  constructor(
    private readonly list: readonly Effective[],
    private readonly input: StartInput,
    planned: PlannedStart,
  ) {
    const { name } = planned;
    this.awaitsRunning = list.some(({ effects }) => effects.running !== undefined);
    this.givenUp = new Promise((resolve) => {
      this.giveUp = () => {
        this.over.abort();
        resolve(this.stillWanted());
      };
    });
    input.spec.control.abort?.value.addEventListener('abort', this.giveUp, { once: true });
    this.moment = {
      input,
      shared: this.shared,
      name,
      host: input.runtime.host(),
      facts: filled(planned.facts, planned.blanks),
      signal: this.over.signal,
      fail: (error) => {
        this.failure ??= error;
        this.giveUp();
        this.stop(error);
      },
    };
  }

  /** From now on `fail` has something to end. */
  onFailure(stop: (error: HacoError) => void): void {
    this.stop = stop;
    if (this.failure !== undefined) stop(this.failure);
  }

  /** Do what comes before, then perform; when either fails, what was done is undone before the error is given. */
  async around<T>(perform: () => Promise<Result<T, HacoError>>): Promise<Result<T, HacoError>> {
    const began = await this.before();
    const result = began.isErr() ? err<T, HacoError>(began.error) : await perform();
    return result.isErr() ? this.finish(result) : result;
  }

  async before(): Promise<Result<void, HacoError>> {
    return this.each(({ key, effects: { before } }) => {
      this.begun += 1;
      return before && guarded(`${key}.before`, () => before(this.moment));
    });
  }

  /** The start waits at a barrier. */
  async atBarrier(barrier: string, childPid: number): Promise<Result<void, HacoError>> {
    return this.each(({ effects: { barriers } }) => {
      const effect = barriers !== undefined && Object.hasOwn(barriers, barrier) ? barriers[barrier] : undefined;
      return effect && guarded(barrier, () => effect({ ...this.moment, barrier, childPid }));
    });
  }

  /** The command runs. */
  async running(pid: number): Promise<Result<void, HacoError>> {
    return this.each(
      ({ key, effects: { running } }) => running && guarded(`${key}.running`, () => running({ ...this.moment, pid })),
    );
  }

  /** One part after the other, up to the first error; a start that is given up waits for none. */
  private async each(
    perform: (one: Effective) => Promise<Result<void, HacoError>> | undefined,
  ): Promise<Result<void, HacoError>> {
    for (const one of this.list) {
      const wanted = this.stillWanted();
      if (wanted.isErr()) return wanted;
      const effect = perform(one);
      if (effect === undefined) continue;
      const done = await Promise.race([effect, this.givenUp]);
      if (done.isErr()) return done;
    }
    return this.stillWanted();
  }

  private stillWanted(): Result<void, HacoError> {
    const error = this.failure ?? alreadyAborted(this.input.spec);
    return error === undefined ? ok() : err(error);
  }

  /** The container has ended: nothing of the effects goes on. */
  ended(): void {
    this.over.abort();
  }

  /** Undo everything, once; gives the result with what could not be undone. */
  async finish<T>(result: Result<T, HacoError>, outcome?: EndSummary): Promise<Result<T, HacoError>> {
    this.ended();
    this.input.spec.control.abort?.value.removeEventListener('abort', this.giveUp);
    if (this.undone !== undefined) {
      await this.undone;
      return result;
    }
    const how = result.isErr() ? { error: result.error } : outcome === undefined ? {} : { outcome };
    this.undone = this.undo(how);
    const problems = await this.undone;
    const [first, ...rest] = problems;
    if (first === undefined) return result;
    if (result.isOk()) {
      first.cleanup = [...first.cleanup, ...rest];
      return err(first);
    }
    result.error.cleanup = [...result.error.cleanup, ...problems];
    return result;
  }

  private async undo(how: Partial<EndMoment>): Promise<readonly HacoError[]> {
    const problems: HacoError[] = [];
    // What is done now isn't given up any more.
    const moment = { ...this.moment, ...how, signal: new AbortController().signal };
    for (const { key, effects } of this.list.slice(0, this.begun).reverse()) {
      const { after } = effects;
      if (after === undefined) continue;
      const done = await guarded(`${key}.after`, () => after(moment));
      if (done.isErr()) problems.push(done.error);
    }
    return problems;
  }
}
