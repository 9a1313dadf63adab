/** The handle of a cluster that runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { errAsync, ResultAsync, type Result } from 'neverthrow';
import { InvalidSpecError, issue, parseDuration, type Duration, type HacoError } from '@haco/plan';
import type { Container } from '../container.js';
import type { Outcome } from '../outcome.js';
import { neededBy, type Needs } from './graph.js';
import { asText, type Output, type OutputLine } from './output.js';

/** What a running cluster is made of; core's own. */
export interface ClusterParts {
  readonly name: string;
  readonly needs: Needs;
  readonly output: Output;
  /** Settles when all lines were written where they were asked for. */
  readonly shown: Promise<void> | undefined;
  /** Lets others have the name. */
  readonly unlock: () => void;
}

/** How each container has ended, by its name. */
export type Outcomes = ReadonlyMap<string, Result<Outcome, HacoError>>;

/**
 * Containers that were started together. They are stopped by `stop()`, or by disposing of the handle, each before those that it
 * depends on; and they end with Node.
 *
 * @example
 * ```ts
 * import { cluster, haco, orThrow } from '@haco/core';
 * const shop = cluster({ db: haco().command('postgres'), web: { builder: haco().command('web'), dependsOn: ['db'] } });
 * await using running = await orThrow(shop.start());
 * running.output().pipe(process.stdout);
 * await running.wait();
 * ```
 */
export class RunningCluster implements AsyncDisposable {
  /** Name of the cluster. */
  readonly name: string;
  readonly #parts: ClusterParts;
  readonly #members = new Map<string, Container[]>();
  readonly #ended = new Map<string, Promise<Result<Outcome, HacoError>>>();
  #stopping: Promise<Outcomes> | undefined;

  /** Core's own: `cluster(…).start()` gives one whose containers run. */
  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.name = parts.name;
  }

  /** Core's own. */
  '~add'(member: string, container: Container): void {
    // In the order of their numbers, whichever was quicker.
    const byNumber = (a: Container, b: Container): number => a.name.localeCompare(b.name, 'en', { numeric: true });
    this.#members.set(member, [...(this.#members.get(member) ?? []), container].sort(byNumber));
    this.#ended.set(container.name, Promise.resolve(container.wait()));
    this.#parts.output.add(container.name, 'stdout', container.stdout);
    this.#parts.output.add(container.name, 'stderr', container.stderr);
    container.stdin?.end();
  }

  /** All containers by their names. */
  get containers(): ReadonlyMap<string, Container> {
    return new Map([...this.#members.values()].flat().map((container) => [container.name, container]));
  }

  /** The containers of one member: one, or as many as its `count`. */
  member(name: string): readonly Container[] {
    return this.#members.get(name) ?? [];
  }

  /**
   * Every line that the containers write, from the beginning; the last 10,000 are kept for who asks later. Who reads gets all of them:
   * containers that are faster wait for him, unless he takes none for 5 s; then a line says how many were lost.
   */
  lines(): AsyncGenerator<OutputLine, void, void> {
    return this.#parts.output.lines();
  }

  /** The same as text for people: each line after the name of its container. */
  output(): Readable {
    return asText(this.lines(), [...this.containers.keys()]);
  }

  /** How all of them end. */
  async wait(): Promise<Outcomes> {
    const outcomes: [string, Result<Outcome, HacoError>][] = [];
    for (const [name, ended] of this.#ended) outcomes.push([name, await ended]);
    this.#parts.output.close();
    this.#parts.unlock();
    await this.#parts.shown;
    return new Map(outcomes);
  }

  /**
   * Stop all containers, each before those that it depends on: SIGTERM, and SIGKILL after `grace`, 10 s without it.
   *
   * Errors: `invalid-spec`, when `grace` is no time.
   */
  stop({ grace = '10s' }: { readonly grace?: Duration } = {}): ResultAsync<Outcomes, HacoError> {
    const graceMs = parseDuration(grace);
    if (graceMs.isErr()) return errAsync(new InvalidSpecError({ issues: [issue('stop.grace', graceMs.error)] }));
    return ResultAsync.fromSafePromise((this.#stopping ??= this.#stop(graceMs.value)));
  }

  async #stop(graceMs: number): Promise<Outcomes> {
    const dependents = neededBy(this.#parts.needs);
    const stopped = new Map<string, Promise<void>>();
    const stopMember = (name: string): Promise<void> => {
      let stopping = stopped.get(name);
      if (stopping === undefined) {
        stopping = (async () => {
          await Promise.all((dependents.get(name) ?? []).map(stopMember));
          await Promise.all(this.member(name).map((container) => stopOne(container, graceMs)));
        })();
        stopped.set(name, stopping);
      }
      return stopping;
    };
    await Promise.all([...this.#parts.needs.keys()].map(stopMember));
    return this.wait();
  }

  /** Kill all containers, in the order of {@link RunningCluster.stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#stopping ??= this.#stop(0));
  }
}

async function stopOne(container: Container, graceMs: number): Promise<void> {
  if (graceMs > 0 && container.kill('SIGTERM').isOk()) {
    const over = new AbortController();
    const late = sleep(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
    void (await Promise.race([container.wait(), late]));
    over.abort();
  }
  void container.kill('SIGKILL');
  void (await container.wait());
}
