/** Clusters: containers that belong together, started in the order in which they need each other. */
import { setMaxListeners } from 'node:events';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { InvalidSpecError, issue, parseName, type HacoError, type Issue } from '@haco/plan';
import { brand, type Brand } from '../brand.js';
import type { Builder } from '../builder.js';
import type { Container } from '../container.js';
import { haco } from '../haco.js';
import type { Spec } from '../spec.js';
import { lockCluster } from './lock.js';
import { needsOf, parseMembers, type Member, type Members } from './members.js';
import { Output } from './output.js';
import { RunningCluster } from './running.js';

/** What can be said of a cluster. */
export interface ClusterOptions {
  /** Its name: one cluster of a name runs at a time, and containers without a name of their own are called `<name>-<member>`. */
  readonly name?: string;
  /** What all members have in common: given to those that are functions. */
  readonly base?: Builder;
}

/** One container of a cluster. */
export interface ClusterContainer {
  /** The member that it is of. */
  readonly member: string;
  /** Name of the container. */
  readonly name: string;
  readonly builder: Builder;
}

/** Containers that belong together. Immutable; `start()` begins the work. Made by {@link cluster}. */
export class Cluster {
  readonly #members: readonly Member[];
  readonly #issues: readonly Issue[];
  readonly #given: string | undefined;
  /** Its name; made of the names of its members when it was given none. */
  readonly name: string;

  /** Core's own: use `cluster(…)`. */
  constructor(members: Members, { name, base = haco() }: ClusterOptions) {
    const parsed = parseMembers(members, base);
    this.#members = parsed.members;
    this.name = name ?? Object.keys(members).sort().join('-').slice(0, 63);
    const valid = name === undefined ? ok(name) : parseName(name);
    this.#issues = valid.isErr() ? [issue('cluster.name', valid.error), ...parsed.issues] : parsed.issues;
    // A name that makes no sense makes no names of containers either.
    this.#given = valid.isErr() ? undefined : name;
  }

  /** Known to other copies of this package, too. */
  get [brand](): Brand {
    return 'cluster';
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
      const spec = typeof member.builder?.spec === 'function' ? member.builder.spec() : undefined;
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

  #named({ name: member, builder, count }: Member, spec: Spec): ClusterContainer[] {
    const own = spec.identity.name ?? (this.#given === undefined ? member : `${this.#given}-${member}`);
    const names = count === undefined ? [own] : Array.from({ length: count }, (_, i) => `${own}-${String(i + 1)}`);
    return names.map((name) => ({ member, name, builder: builder.name(name) }));
  }

  /**
   * Start all containers: each as soon as those that it depends on are ready, the others beside each other. When one can't be started,
   * or doesn't become ready, all are stopped, and that error is the answer.
   *
   * Errors: `conflict`, when a cluster of this name runs; `timeout`, when a member isn't ready in time; as `builder.start()`.
   */
  start(): ResultAsync<RunningCluster, HacoError> {
    return new ResultAsync(this.#start());
  }

  async #start(): Promise<Result<RunningCluster, HacoError>> {
    const containers = this.containers();
    if (containers.isErr()) return err(containers.error);
    const lock = await lockCluster(this.name);
    if (lock.isErr()) return err(lock.error);
    const needs = needsOf(this.#members);
    const unlock = (): void => void lock.value.close();
    const running = new RunningCluster({ name: this.name, needs, output: new Output(), unlock });
    const failed = await startAll(this.#members, containers.value, running);
    if (failed === undefined) return ok(running);
    await running[Symbol.asyncDispose]();
    return err(failed);
  }
}

/** Start everything; the first error, when there is one. */
async function startAll(
  members: readonly Member[],
  containers: readonly ClusterContainer[],
  running: RunningCluster,
): Promise<HacoError | undefined> {
  let failure: HacoError | undefined;
  const over = new AbortController();
  // Each container listens; Node warns from eleven on.
  setMaxListeners(0, over.signal);
  const fail = (error: HacoError): void => {
    failure ??= error;
    over.abort();
  };
  const ready = new Map<string, Promise<void>>();
  const startOne = async ({ builder }: ClusterContainer, { name, share }: Member): Promise<void> => {
    if (failure !== undefined) return;
    const started = await abortable(entering(builder, share, running), over.signal).start();
    if (started.isErr()) {
      fail(started.error);
      return;
    }
    running['~add'](name, started.value);
    const state = await started.value.ready();
    if (state.isErr()) fail(state.error);
  };
  const readyOf = (name: string): Promise<void> => {
    let promise = ready.get(name);
    if (promise === undefined) {
      const member = members.find((one) => one.name === name);
      promise = member === undefined ? Promise.resolve() : startMember(member);
      ready.set(name, promise);
    }
    return promise;
  };
  const startMember = async (member: Member): Promise<void> => {
    await Promise.all([...new Set([...member.dependsOn, ...member.share.map(([, other]) => other)])].map(readyOf));
    await Promise.all(containers.filter((one) => one.member === member.name).map((one) => startOne(one, member)));
  };
  await Promise.all(members.map(({ name }) => readyOf(name)));
  return failure;
}

/** The builder in the namespaces that it shares. */
function entering(builder: Builder, share: Member['share'], running: RunningCluster): Builder {
  return share.reduce((entered, [kind, other]) => {
    const container: Container | undefined = running.member(other)[0];
    return container === undefined ? entered : entered.enter(kind, { pid: container.pid });
  }, builder);
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
