/** Clusters: containers that belong together, started in the order in which they need each other. */
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { InvalidSpecError, issue, parseName, type HacoError, type Issue, type NamespaceKind } from '@haco/plan';
import { brand, brandOf, type Brand } from '../brand.js';
import type { Builder, StartOptions } from '../builder.js';
import type { Spec } from '../spec.js';
import type { DetachOptions } from '../supervise/detach-options.js';
import type { Container } from '../container.js';
import type { ManagedContainer } from '../supervise/managed-container.js';
import { detachAll } from './detach-all.js';
import { lockCluster } from './lock.js';
import { changeMembers, needsOf, parseMembers, readGiven, type Member, type Members } from './members.js';
import { asText, Output } from './output.js';
import { RunningCluster } from './running.js';
import { entering, inOrder } from './start-order.js';

/** What can be said of a cluster. */
export interface ClusterOptions {
  /** Its name: one cluster of a name runs at a time, and containers without a name of their own are called `<name>-<member>`. */
  readonly name?: string;
  /** What all members have in common: given to those that are functions. */
  readonly base?: Builder;
}

/** How to start a cluster. */
export interface ClusterStartOptions extends Omit<StartOptions, 'ready'> {
  /**
   * Where the lines of all go, as {@link RunningCluster.output} gives them: from the first one on, also while others are still to be
   * started, and when that fails. It isn't ended, and may go away; where it is slow, the containers wait.
   */
  readonly output?: Writable;
}

/** One container of a cluster. */
export interface ClusterContainer {
  /** The member that it is of. */
  readonly member: string;
  /** Name of the container. */
  readonly name: string;
  readonly builder: Builder;
  /** Members that must be ready before it is started. */
  readonly dependsOn: readonly string[];
  /** Namespaces that it enters, and of which member each is. */
  readonly share: readonly (readonly [NamespaceKind, string])[];
}

/** Containers that belong together. Immutable; `start()` begins the work. Made by {@link cluster}. */
export class Cluster {
  readonly #members: readonly Member[];
  readonly #issues: readonly Issue[];
  readonly #source: readonly [Members, ClusterOptions];
  readonly #given: string | undefined;
  /** Its name; made of the names of its members when it was given none. */
  readonly name: string;

  /** Core's own: use `cluster(…)`. */
  constructor(members: Members, options: ClusterOptions) {
    this.#source = [members, options];
    const given = readGiven(members, options);
    const { name } = given;
    const parsed = given.members === undefined ? { members: [], issues: [] } : parseMembers(given.members, given.base);
    this.#members = parsed.members;
    this.name =
      typeof name === 'string'
        ? name
        : Object.keys(given.members ?? {})
            .sort()
            .join('-')
            .slice(0, 63);
    const valid = name === undefined ? ok(undefined) : parseName(name);
    const ownIssues = valid.isErr() ? [issue('cluster.name', valid.error)] : [];
    this.#issues = [...given.issues, ...ownIssues, ...parsed.issues];
    // A name that makes no sense makes no names of containers either.
    this.#given = valid.unwrapOr(undefined);
  }

  /** Known to other copies of this package, too. */
  get [brand](): Brand {
    return 'cluster';
  }

  /**
   * The same cluster with every builder changed, e.g. by what a command line says on top of a definition.
   *
   * @param change - given the builder of a member, and the member's name
   *
   * @example
   * ```ts
   * import { cluster, haco } from '@haco/core';
   * const shop = cluster({ db: haco().command('postgres'), web: haco().command('web') });
   * const small = shop.use((builder) => builder.memory('64MiB'));
   * ```
   */
  use(change: (builder: Builder, member: string) => Builder): Cluster {
    const [given, options] = this.#source;
    const { members, base } = readGiven(given, options);
    return members === undefined ? this : new Cluster(changeMembers(members, base, change), options);
  }

  /**
   * All containers, each with its name and its builder: for those who look at one, or start just one.
   *
   * Errors: `invalid-spec`, with every problem of every member: unknown names, cycles, names that are there twice.
   */
  containers(): Result<readonly ClusterContainer[], InvalidSpecError> {
    const issues: Issue[] = [...this.#issues];
    const containers = this.#members.flatMap((member): ClusterContainer[] => {
      const path = `cluster.${member.name}`;
      const spec = brandOf(member.builder) === 'builder' ? member.builder.spec() : undefined;
      if (spec === undefined) return [];
      if (spec.isErr()) {
        issues.push(...spec.error.issues.map((one) => issue(`${path}.${one.path}`, one.message)));
        return [];
      }
      return this.#named(member, spec.value);
    });
    const seen = new Set<string>();
    for (const { name, member } of containers) {
      if (seen.has(name)) issues.push(issue(`cluster.${member}`, `a second container has the name ${name}`));
      seen.add(name);
      const valid = parseName(name);
      if (valid.isErr()) issues.push(issue(`cluster.${member}`, `the name ${name}: ${valid.error}`));
    }
    return issues.length > 0 ? err(new InvalidSpecError({ issues })) : ok(containers);
  }

  #named({ name: member, builder, count, dependsOn, share }: Member, spec: Spec): ClusterContainer[] {
    const own = spec.identity.name ?? (this.#given === undefined ? member : `${this.#given}-${member}`);
    const names = count === undefined ? [own] : Array.from({ length: count }, (_, i) => `${own}-${String(i + 1)}`);
    return names.map((name) => ({ member, name, builder: builder.name(name), dependsOn, share }));
  }

  /**
   * Start all containers: each as soon as those that it depends on are ready, the others beside each other. When one can't be started,
   * or doesn't become ready, all are stopped, and that error is the answer.
   *
   * Errors: `conflict`, when a cluster of this name runs; `timeout`, when a member isn't ready in time; as `builder.start()`.
   *
   * @param options - `register`: others find the containers by their names while they live; `output`: where their lines go
   */
  start(options: ClusterStartOptions = {}): ResultAsync<RunningCluster, HacoError> {
    return new ResultAsync(this.#locked(({ containers, unlock }) => this.#start(options, containers, unlock)));
  }

  /**
   * Start all containers so that they outlive this program and its terminal, each with a supervisor of its own, in the order of
   * {@link Cluster.start}. From then on each is looked after by itself: found by its name, restarted by its own policy. When one can't be
   * started, or doesn't become ready, those that were started are removed, and that error is the answer.
   *
   * A member that shares namespaces enters those that the other member has now; started again, it needs that one to be still the same.
   *
   * Errors: `conflict`, when a container of one of the names is there; else as `builder.detach()`.
   *
   * @param options - `definition`: the file that default-exports this cluster
   *
   * @example
   * ```ts
   * import { cluster, haco, orThrow } from '@haco/core';
   * const shop = cluster({ db: haco().command('postgres'), web: { builder: haco().command('web'), dependsOn: ['db'] } });
   * const containers = await orThrow(shop.detach());
   * console.log(containers.map(({ name }) => name));
   * ```
   */
  detach(options: Omit<DetachOptions, 'pidFile' | 'ready'> = {}): ResultAsync<readonly ManagedContainer[], HacoError> {
    return new ResultAsync(
      this.#locked(async ({ containers, unlock }) => {
        const detached = await detachAll(this.#members, containers, options);
        unlock();
        return detached;
      }),
    );
  }

  /** Valid, and the only one of its name. */
  async #locked<T>(
    work: (locked: {
      readonly containers: readonly ClusterContainer[];
      readonly unlock: () => void;
    }) => Promise<Result<T, HacoError>>,
  ): Promise<Result<T, HacoError>> {
    const containers = this.containers();
    if (containers.isErr()) return err(containers.error);
    const lock = await lockCluster(this.name);
    if (lock.isErr()) return err(lock.error);
    return work({ containers: containers.value, unlock: () => void lock.value.close() });
  }

  async #start(
    { output: target, ...options }: ClusterStartOptions,
    containers: readonly ClusterContainer[],
    unlock: () => void,
  ): Promise<Result<RunningCluster, HacoError>> {
    const needs = needsOf(this.#members);
    const output = new Output();
    const names = containers.map(({ name }) => name);
    // A stream says itself when it goes away, which is none of their business; one that is slow is waited for, as at any pipe.
    const shown =
      target && pipeline(asText(output.lines(Infinity), names), target, { end: false }).catch(() => undefined);
    const running = new RunningCluster({ name: this.name, needs, output, shown, unlock });
    const failed = await inOrder(this.#members, containers, async ({ builder }, { name, share }, over) => {
      const containerOf = (other: string): Container | undefined => running.member(other)[0];
      const started = await abortable(entering(builder, share, containerOf), over).start(options);
      if (started.isErr()) return err(started.error);
      running['~add'](name, started.value);
      return started.value.ready();
    });
    if (failed === undefined) return ok(running);
    await running[Symbol.asyncDispose]();
    return err(failed);
  }
}

/** Given up when another container fails, as well as by its own signal. */
function abortable(builder: Builder, signal: AbortSignal): Builder {
  const own = builder
    .spec()
    .map(({ control }) => control.abort?.value)
    .unwrapOr(undefined);
  return builder.signal(own === undefined ? signal : AbortSignal.any([own, signal]));
}

/**
 * Containers that belong together, as one definition. A member is a builder, a function that specialises the `base` of all, or an object
 * that also says how many (`count`), what it `dependsOn`, and whose namespaces it shares (`share`).
 *
 * @param members - by their names
 *
 * @example
 * ```ts
 * import { cluster, haco, orThrow } from '@haco/core';
 * const shop = cluster(
 *   {
 *     db: (base) => base.unshare('net').readiness({ port: 5432 }).command('postgres'),
 *     web: { builder: (base) => base.command('web'), count: 3, dependsOn: ['db'], share: { net: 'db' } },
 *   },
 *   { name: 'shop', base: haco().unshare('pid').memory('256MiB') },
 * );
 * await using running = await orThrow(shop.start());
 * ```
 */
export function cluster<const Names extends string>(members: Members<Names>, options: ClusterOptions = {}): Cluster {
  return new Cluster(members, options);
}
