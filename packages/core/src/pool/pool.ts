/** A warm pool: containers that are complete but for their command, each used once, refilled while nothing else is to be done. */
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { StateError, type HacoError } from '@haco/plan';
import type { Builder, ExplainedPlan } from '../builder.js';
import type { Outcome } from '../outcome.js';
import type { Spec } from '../spec.js';
import { alreadyAborted } from '../start/plan-start.js';
import { untilEnd } from '../start/run.js';
import type { StartInput } from '../start/start-input.js';
import { closeTheirs, emptyReplaced, giveUp, prepareStdio, removeUnused, replacesFiles } from '../streams/stdio.js';
import { putFiles, readPoolFiles } from './files.js';
import { runBuilder, runFiles, type PoolRunArguments } from './options.js';
import { isMissing } from './missing.js';
import { Parked } from './parked.js';
import { encodeRequest } from './request.js';

/** How long refilling waits for commands that run: it would keep Node from seeing their end. Longer ones wait for nobody. */
const patienceMs = 5;

/** What a pool is made of; core's own. */
export interface PoolParts {
  /** For the containers that wait. */
  readonly input: StartInput;
  /** Grows the spec of each run. */
  readonly base: Builder;
  readonly size: number;
  readonly explain: () => Result<ExplainedPlan, HacoError>;
}

/** One run, checked. */
interface Run {
  readonly spec: Spec;
  readonly request: Buffer;
  readonly files: Parameters<typeof putFiles>[1];
}

/**
 * Containers that wait for a command: one definition, run many times. A run takes one of them, uses it up, and another is made in
 * its place. Made by `builder.pool()`.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * await using pool = await orThrow(haco().unshare('pid', 'mount').tmpfs('/tmp').noNewPrivileges().pool({ size: 4 }));
 * const words = await Promise.all(['a', 'b'].map((word) => orThrow(pool.run('/bin/echo', word))));
 * const sorted = await orThrow(pool.run({ command: ['sort'], stdin: { text: 'b\na\n' } }));
 * const given = await orThrow(pool.run({ command: ['wc', '-l', '/tmp/in'], files: { '/tmp/in': 'a\nb\n' } }));
 * ```
 */
export class Pool {
  readonly #parts: PoolParts;
  #waiting: Parked[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #making: Promise<unknown> | undefined;
  /** Why the last refill failed: the next run is told. */
  #failure: HacoError | undefined;
  #closing: Promise<void> | undefined;
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;

  /** Core's own: `builder.pool()` gives a pool whose containers wait. */
  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** How many containers are kept waiting. */
  get size(): number {
    return this.#parts.size;
  }

  /** How many wait now, or are about to. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The plan of one container, from the host to the command that is sent to it; as `builder.explain()`. */
  explain(): Result<ExplainedPlan, HacoError> {
    return this.#parts.explain();
  }

  /**
   * Run a command in a container that waits, capture its output, wait for its end: as `builder.run()`, without the time that
   * making the container takes. When none is left, one is made: bursts beyond `size` are slower, never refused.
   *
   * Errors: `state`, when the pool is closed; `invalid-spec`, also for a command of more than 192 KiB with its environment, or more
   * than 16 directories in `PATH`; of `files`, `io` (EXDEV: a filesystem of the host) and what `container.files.write()` gives; why the pool could not be refilled; as `builder.run()`.
   */
  run(...args: PoolRunArguments): ResultAsync<Outcome, HacoError> {
    const run = this.#run(args, performance.now());
    this.#running.add(run);
    const over = (): void => {
      this.#running.delete(run);
      this.#refillSoon();
    };
    void run.then(over, over);
    return new ResultAsync(run);
  }

  async #run(args: PoolRunArguments, beganMs: number): Promise<Result<Outcome, HacoError>> {
    if (this.#closing !== undefined) return err(closed());
    const spec = runBuilder(this.#parts.base, args).spec();
    if (spec.isErr()) return err(spec.error);
    const request = encodeRequest(spec.value.process);
    if (request.isErr()) return err(request.error);
    const files = readPoolFiles(runFiles(args) ?? {});
    if (files.isErr()) return err(files.error);
    const aborted = alreadyAborted(spec.value);
    if (aborted !== undefined) return err(aborted);
    return this.#serve({ spec: spec.value, request: request.value, files: files.value }, beganMs);
  }

  async #serve(run: Run, beganMs: number): Promise<Result<Outcome, HacoError>> {
    const { spec, request, files } = run;
    const taken = this.#take();
    const parked = taken ?? (await Parked.make(this.#parts.input));
    if (parked.isErr()) return err(parked.error);
    if (files.length > 0) {
      const put = await parked.value
        .root()
        .then((root) => root.asyncAndThen((one) => new ResultAsync(putFiles(one, files))));
      if (put.isErr()) {
        // What was written by then is nobody else's business.
        await parked.value.drop();
        this.#refillSoon();
        return err(put.error);
      }
    }
    const prepared = prepareStdio(spec.process, 'null');
    if (prepared.isErr()) {
      // Nothing has happened to the container: it goes on waiting, unless it has the files of this run.
      if (files.length === 0) this.#waiting.unshift(parked.value);
      else await parked.value.drop();
      return err(prepared.error);
    }
    const streams = prepared.value;
    const fds = [streams.stdin.theirs, streams.stdout.theirs, streams.stderr.theirs];
    const isLost = replacesFiles(streams) && (await isMissing(spec.process, parked.value));
    const sent = (isLost ? ok() : emptyReplaced(streams)).andThen(() => parked.value.send(request, fds));
    if (sent.isErr()) {
      giveUp(streams);
      await parked.value.drop();
      const { failure, wasReady } = parked.value;
      // It has ended just now, while it waited; there are more of them.
      return taken !== undefined && wasReady ? this.#serve(run, beganMs) : err(failure ?? sent.error);
    }
    closeTheirs(streams);
    this.#refillSoon();
    const { planned, launch, effects } = parked.value;
    removeUnused(streams, launch);
    const launched = { launch, streams, terminal: undefined, failed: nobody(), effects };
    const outcome = await untilEnd({ ...this.#parts.input, spec }, planned, launched, beganMs);
    return effects === undefined ? outcome : effects.finish(outcome);
  }

  /** One that waits; an error that the next run has to be told; or nothing. */
  #take(): Result<Parked, HacoError> | undefined {
    const failure = this.#failure ?? this.#waiting.find(({ over, wasReady }) => over && !wasReady)?.failure;
    // What has ended while it waited is replaced without a word.
    this.#waiting = this.#waiting.filter(({ over }) => !over);
    this.#failure = undefined;
    if (failure !== undefined) return err(failure);
    const first = this.#waiting.shift();
    return first === undefined ? undefined : ok(first);
  }

  #refillSoon(): void {
    if (this.#closing !== undefined || this.#making !== undefined || this.#failure !== undefined) return;
    if (this.#waiting.length >= this.#parts.size || this.#waiting.some(({ over }) => over)) return;
    if (this.#running.size > 0) {
      this.#later ??= setTimeout(() => this.#refillNow(), patienceMs).unref();
      return;
    }
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      // Another run may have begun since.
      if (this.#running.size > 0) this.#refillSoon();
      else this.#refillNow();
    }).unref();
  }

  #refillNow(): void {
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    this.#soon = this.#later = undefined;
    this.#making = this.#refill();
  }

  async #refill(): Promise<void> {
    const made = await Parked.make(this.#parts.input);
    this.#making = undefined;
    if (made.isErr()) this.#failure = made.error;
    else if (this.#closing === undefined) this.#waiting.push(made.value);
    else await made.value.drop();
    this.#refillSoon();
  }

  /**
   * Core's own: make the first containers, and wait until all of them wait.
   */
  async '~fill'(): Promise<Result<this, HacoError>> {
    const ready: Promise<Result<void, HacoError>>[] = [];
    for (let i = 0; i < this.#parts.size; i++) {
      const made = await Parked.make(this.#parts.input);
      if (made.isErr()) {
        await this.close();
        return err(made.error);
      }
      this.#waiting.push(made.value);
      ready.push(made.value.ready());
      // Each costs some tenths of a millisecond: others have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const failed = (await Promise.all(ready)).find((result) => result.isErr());
    if (failed?.isErr() !== true) return ok(this);
    await this.close();
    return err(failed.error);
  }

  /**
   * End the containers that wait, and wait for the runs that are under way. Nothing is left then. More calls wait for the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    // After this turn: `#closing` is set then, and nothing is added any more.
    await Promise.resolve();
    await this.#making;
    await Promise.all(this.#waiting.splice(0).map((one) => one.drop()));
    await Promise.allSettled([...this.#running]);
    await Promise.all(this.#waiting.splice(0).map((one) => one.drop()));
  }

  /** As {@link Pool.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Nobody answers system calls of a pool's containers, so nobody fails to. One for each run: it keeps what waits for it. */
function nobody(): Promise<HacoError> {
  return new Promise(() => undefined);
}

function closed(): StateError {
  return new StateError({ what: 'run a command in the pool', state: 'closed', remedy: 'make another pool' });
}
