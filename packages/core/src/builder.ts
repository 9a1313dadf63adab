/** The builder: an immutable accumulator of sections. It knows no kernel, no file and no process. */
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import {
  formatPlan,
  InvalidSpecError,
  issue,
  nothing,
  plain,
  planFormats,
  quote,
  readPlain,
  Rejected,
  rejected,
  renderPlan,
  type AnyPart,
  type HacoError,
  type HostFacts,
  type Issue,
  type Plan,
  type PlanFormat,
} from '@haco/plan';
import { brand, type Brand } from './brand.js';
import { checkPlan, withMissing, type CheckReport } from './check.js';
import { checkpointPart } from './checkpoint/part.js';
import type { CheckpointSection, RestoreOptions } from './checkpoint/section.js';
import type { Container } from './container.js';
import type { Outcome } from './outcome.js';
import { knownBuilder, plainArguments, rememberBuilder } from './builder-memo.js';
import type { BuiltInMethods, SectionName } from './parts.js';
import { makePool } from './pool/make-pool.js';
import type { PoolOptions } from './pool/options.js';
import type { Pool } from './pool/pool.js';
import { create, type Created, type CreateOptions } from './rootfs/create.js';
import type { Runtime } from './runtime.js';
import { validateSpec, type Spec } from './spec.js';
import { isThisMachine, planStart, type PlannedStart } from './start/plan-start.js';
import { learn, type Learned } from './start/learn.js';
import { run } from './start/run.js';
import { start, type WhenReady } from './start/start.js';
import type { StartInput } from './start/start-input.js';
import type { StateOptions } from './state/root.js';
import type { DetachOptions } from './supervise/detach-options.js';
import type { ManagedContainer } from './supervise/managed-container.js';

/** A plan that prints itself. */
export interface ExplainedPlan extends Plan {
  /** The plan as text, each system call as strace would show it. */
  toString(): string;
}

/** How to start. */
export interface StartOptions extends StateOptions, WhenReady {
  /**
   * Let other processes of this user find it by its name, with `containers()` and `attachTo({ name })`, until it ends. A name belongs to
   * one registered container at a time; without one, one is made up.
   */
  readonly register?: boolean;
}

/** The terminals of a builder: what gives something other than a builder. */
export interface Terminals {
  /**
   * The validated spec: plain, frozen, JSON-serializable. Pure.
   *
   * Errors: `invalid-spec`, with every problem and its path.
   */
  spec(): Result<Spec, InvalidSpecError>;
  /**
   * The plan: every step with its system calls, its reason, the privilege it needs, and what will fail on this host and how to
   * mend it. `String(plan)` prints it, `JSON.stringify(plan)` stores it. Nothing is started.
   *
   * Errors: `invalid-spec`; `not-found`, when a user name isn't in the container's files.
   *
   * @param options - `host`: facts of another host, to plan for that one
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * console.log(String(orThrow(haco().unshare('pid', 'uts').command('ps').explain())));
   * ```
   */
  explain(options?: { readonly host?: HostFacts; readonly format?: undefined }): Result<ExplainedPlan, HacoError>;
  /**
   * The plan in a form to look at: as text, as a flowchart of Mermaid, or as a picture (SVG).
   *
   * Errors: as without a format; `invalid-spec`, when there is no such format.
   *
   * @param options - `format`: one of `text`, `mermaid`, `svg`; `host`: as above
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * console.log(orThrow(haco().unshare('pid', 'uts').command('ps').explain({ format: 'mermaid' })));
   * ```
   */
  explain(options: { readonly host?: HostFacts; readonly format: PlanFormat }): Result<string, HacoError>;
  /**
   * Preflight: what would make a start fail on this host, without starting anything.
   *
   * Errors: `invalid-spec`; `not-found`.
   */
  check(): ResultAsync<CheckReport, HacoError>;
  /**
   * Make the root of `rootfs()` when it isn't there, and do the steps of `provision()` that weren't done yet; nothing is started. A start
   * does the same before it starts.
   *
   * Errors: as `prepareRootfs()` and `provisionRootfs()` of `@haco/bootstrap`.
   *
   * @example
   * ```ts
   * import { haco, image, orThrow } from '@haco/core';
   * const web = haco().unshare('mount').rootfs(image('debian:12', { target: '/srv/roots/web' })).provision('hello', 'echo hello > /hello');
   * const { root, provisioned } = await orThrow(web.create({ onProgress: console.log }));
   * ```
   */
  create(options?: CreateOptions): ResultAsync<Created, HacoError>;
  /**
   * Start, capture output, wait for the end. What the command does, also failing, is an outcome; an error means that it did
   * not run. On any error nothing is left behind.
   *
   * Errors: every kind of {@link HacoError} but `timeout`.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const result = await haco().unshare('pid').command('/bin/echo', 'hello').run();
   * result.match((outcome) => console.log(outcome.stdout), (error) => console.error(error.message));
   * ```
   */
  run(): ResultAsync<Outcome, HacoError>;
  /**
   * Run once, and learn which system calls the command makes: the outcome, and the profile that allows just these. Filters of
   * `seccomp()` don't hold in this run, so give it content that you trust; each call goes by way of Node, so it is slow. What another
   * input would need isn't in the profile.
   *
   * Errors: as {@link Terminals.run}; `io`, when this process may not look into the container.
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const base = haco().noNewPrivileges().command('date');
   * const { profile } = await orThrow(base.learn());
   * const outcome = await orThrow(base.seccomp(profile).run());
   * ```
   *
   * @see seccomp_unotify(2)
   */
  learn(): ResultAsync<Learned, HacoError>;
  /**
   * Start, and give the handle as soon as the command runs.
   *
   * Errors: as {@link Terminals.run}; with `register` also `conflict`, when a registered container has the name, and what is said of
   * {@link containers}; with `ready` also `timeout`.
   *
   * @param options - `register`: others find the container by its name while it lives; `ready`: the handle comes when the container is
   * ready, as `readiness()` says
   */
  start(options?: StartOptions): ResultAsync<Container, HacoError>;
  /**
   * Start as the processes that `container.checkpoint()` has saved, and give the handle as soon as they go on: `restoreFrom()` with
   * `start()`. The container is one like others: its streams are new, its groups and its network are made as this definition says now, its
   * end is heard of, and everything of it is undone then. A hook `beforeRestore` is called before, one `afterRestore` afterwards; those inside the
   * start (`afterFork` to `afterChroot`) are not.
   *
   * A net namespace is a new one: with `network()` the container may have another address than before. Sockets that listen on all addresses go
   * on; those bound to an address that it has no more make the restore fail.
   *
   * Errors: `not-found`, when there is no checkpoint; `tool`, when CRIU is missing or fails, with the errors of its log; `state`, when the
   * definition lacks something of the checkpoint; else as {@link Terminals.start}.
   *
   * @param directory - of the checkpoint; without it that of the container's name below the state directory
   * @see criu(8)
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const job = haco().name('job').unshare('mount', 'pid').chroot('/srv/root').independent('procfs', 'dev');
   * await using container = await orThrow(job.restore('/srv/checkpoints/job'));
   * console.log((await orThrow(container.wait())).reason);
   * ```
   */
  restore(directory?: string, options?: RestoreOptions & StartOptions): ResultAsync<Container, HacoError>;
  /**
   * Start a container that goes on without this program and its terminal: a small supervisor looks after it, keeps what it writes,
   * starts it again as `restart()` says, and tells every process that asks how it is. Gives its handle as soon as the command runs.
   *
   * Errors: as {@link Terminals.run}; `conflict`, when a container has the name, also one that has ended and is kept for its outcome;
   * `invalid-spec` also for what works only in this program (a stream, a signal, a hook), unless `definition` says where a supervisor
   * finds it.
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const web = await orThrow(haco().name('web').restart('on-failure').command('server').detach());
   * for await (const { text } of await orThrow(web.logs({ follow: true }))) console.log(text);
   * ```
   */
  detach(options?: DetachOptions): ResultAsync<ManagedContainer, HacoError>;
  /**
   * Make `size` containers that are complete but for their command, for many short runs of one definition: `pool.run()` takes one of
   * them, uses it up, and another is made in its place. Close the pool, or dispose of it, when it isn't needed any more.
   *
   * A container that waits has its namespaces, cgroup, mounts and privileges; filters of system calls, which forbid what handing over a
   * command needs, come right before the command. A pool makes many containers: a `name()` or a terminal belongs to one.
   *
   * Errors: as {@link Terminals.run}; `invalid-spec` also for what a pool can't have.
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * await using pool = await orThrow(haco().unshare('pid', 'mount').pool({ size: 8 }));
   * console.log((await orThrow(pool.run('/bin/echo', 'hello'))).stdout);
   * ```
   */
  pool(options: PoolOptions): ResultAsync<Pool, HacoError>;
}

/** Verbs about the builder itself. */
export interface MetaMethods {
  /** Apply a function to the builder: how presets and helpers are used. */
  use<B, R>(this: B, apply: (builder: B) => R): R;
  /** Apply a function only when the condition holds. Marks (a namespace that was asked for) which it adds are not assumed afterwards. */
  when<B>(this: B, condition: boolean, apply: (builder: B) => B): B;
  /**
   * Forget everything that was asked of one section, e.g. the mounts of a shared base. Marks in types stay: what needs a
   * namespace that was forgotten is an `invalid-spec` then.
   *
   * @param section - key of a part, as in the spec: `mounts`, `namespaces`, `cgroups`, `process`, …
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const base = haco().unshare('pid').memory('64MiB').pids(10);
   * const unlimited = base.reset('cgroups').command('make');
   * ```
   */
  reset(section: SectionName): this;
}

/**
 * A description of a container, grown by verbs. Every verb returns a new builder and leaves this one as it is, so a base can be
 * shared and specialised. A builder isn't thenable: `run()` and `start()` begin the work.
 */
export interface Builder extends BuiltInMethods, MetaMethods, Terminals {
  /** @internal */
  '~withSpec'(spec: Spec): Builder;
}

interface State {
  readonly parts: readonly AnyPart[];
  readonly runtime: Runtime;
  readonly spec: Spec;
  /** Arguments of verbs that made no sense. */
  readonly issues: readonly Issue[];
}

/** The class behind the interface. Verbs of parts are installed on a subclass, once per list of parts. */
export class BuilderBase implements MetaMethods, Terminals {
  readonly #state: State;
  #valid: Result<Spec, InvalidSpecError> | undefined;

  constructor(state: State) {
    this.#state = state;
  }

  /** Known to other copies of this package, too. */
  get [brand](): Brand {
    return 'builder';
  }

  /** A builder of the same kind with one section changed. */
  protected derive(key: string, change: (section: unknown) => unknown): this {
    const { parts, runtime, spec, issues } = this.#state;
    const section = change(spec[key]);
    // The spec itself is frozen when it is asked for, not at every verb on the way there.
    return section instanceof Rejected
      ? this.#with({ parts, runtime, spec, issues: [...issues, ...section.issues] })
      : this.#with({ parts, runtime, spec: { ...spec, [key]: plain(section) }, issues });
  }

  #with(state: State): this {
    return new (this.constructor as new (state: State) => this)(state);
  }

  use<B, R>(this: B, apply: (builder: B) => R): R {
    return apply(this);
  }

  when<B>(this: B, condition: boolean, apply: (builder: B) => B): B {
    return condition ? apply(this) : this;
  }

  reset(section: SectionName): this {
    const { parts, spec, issues, ...rest } = this.#state;
    const part = parts.find(({ key }) => key === section);
    if (part === undefined) {
      const known = parts.map(({ key }) => key).join(', ');
      const problem = issue('reset', `${quote(String(section))} is no section of this builder; use one of ${known}`);
      return this.#with({ ...rest, parts, spec, issues: [...issues, problem] });
    }
    return this.#with({
      ...rest,
      parts,
      spec: { ...spec, [part.key]: plain(part.empty) },
      issues: issues.filter(({ path }) => !isBelow(path, part.key)),
    });
  }

  spec(): Result<Spec, InvalidSpecError> {
    this.#valid ??= validateSpec(this.#state.parts, Object.freeze(this.#state.spec), this.#state.issues);
    return this.#valid;
  }

  explain(options?: { readonly host?: HostFacts; readonly format?: undefined }): Result<ExplainedPlan, HacoError>;
  explain(options: { readonly host?: HostFacts; readonly format: PlanFormat }): Result<string, HacoError>;
  explain(
    options: { readonly host?: HostFacts; readonly format?: PlanFormat | undefined } = nothing,
  ): Result<ExplainedPlan | string, HacoError> {
    const { host, format } = plain(options);
    if (format !== undefined && !planFormats.includes(format)) {
      const problem = `${quote(String(format))} is no form of a plan; use one of ${planFormats.join(', ')}`;
      return err(new InvalidSpecError({ issues: [issue('explain.format', problem)] }));
    }
    const { parts } = this.#state;
    const runtime = host === undefined ? this.#state.runtime : { ...this.#state.runtime, host: () => host };
    const explained = this.spec().andThen((spec) => explainStart({ parts, spec, runtime, makeBuilder }));
    return format === undefined ? explained : explained.map((plan) => formatPlan(plan, format));
  }

  check(): ResultAsync<CheckReport, HacoError> {
    const { parts, runtime } = this.#state;
    const report = this.spec()
      .andThen((spec) => planStart({ parts, spec, runtime, makeBuilder }).map((planned) => lookFor(planned, spec)))
      .map(checkPlan);
    return new ResultAsync(Promise.resolve(report));
  }

  create(options: CreateOptions = {}): ResultAsync<Created, HacoError> {
    return new ResultAsync(this.#begin((input) => create(input, options)));
  }

  run(): ResultAsync<Outcome, HacoError> {
    return new ResultAsync(this.#begin(run));
  }

  learn(): ResultAsync<Learned, HacoError> {
    return new ResultAsync(this.#begin(learn));
  }

  start(options: StartOptions = {}): ResultAsync<Container, HacoError> {
    const begin = (input: StartInput): Promise<Result<Container, HacoError>> => start(input, options);
    if (options.register !== true) return new ResultAsync(this.#begin(begin));
    return new ResultAsync(
      this.#begin(async (input) => (await import('./supervise/register.js')).startRegistered(input, options, begin)),
    );
  }

  restore(
    directory?: string,
    { register, ready, stateDir, ...options }: RestoreOptions & StartOptions = {},
  ): ResultAsync<Container, HacoError> {
    const restoring = this.derive('checkpoint', (section) =>
      checkpointPart.verbs.restoreFrom(section as CheckpointSection, directory, options),
    );
    return restoring.start(plain({ register, ready, stateDir }) as StartOptions);
  }

  detach(options: DetachOptions = {}): ResultAsync<ManagedContainer, HacoError> {
    return new ResultAsync(
      this.#begin(async (input) => (await import('./supervise/detach.js')).detach(input, options)),
    );
  }

  /** The same builder with another spec: how supervisors put together what they were sent. @internal */
  '~withSpec'(spec: Spec): this {
    return this.#with({ ...this.#state, spec, issues: [] });
  }

  pool(options: PoolOptions): ResultAsync<Pool, HacoError> {
    return new ResultAsync(this.#begin((input) => makePool(input, options, explainStart)));
  }

  async #begin<T>(begin: (input: StartInput) => Promise<Result<T, HacoError>>): Promise<Result<T, HacoError>> {
    const spec = this.spec();
    if (spec.isErr()) return err(spec.error);
    const { parts, runtime } = this.#state;
    return begin({ parts, runtime, spec: spec.value, makeBuilder });
  }
}

/** The plan of a start, with what this machine hasn't of what it relies on. */
function lookFor({ plan, facts }: PlannedStart, spec: Spec): Plan {
  return withMissing(plan, facts, spec);
}

/** The plan of a start, able to print itself. */
function explainStart(input: StartInput): Result<ExplainedPlan, HacoError> {
  return planStart(input).map((planned) => {
    // Files of another machine are nobody's business here.
    const plan = isThisMachine(input.runtime.host()) ? lookFor(planned, input.spec) : planned.plan;
    const text = { toString: { value: () => renderPlan(plan), enumerable: false } };
    return Object.defineProperties({ ...plan }, text) as ExplainedPlan;
  });
}

/** Whether a path into the spec lies in the section `key`. */
function isBelow(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
}

/** The arguments of a verb as plain values: read once, and without what others may have put on `Object.prototype`. */
function read(key: string, verb: string, args: readonly unknown[]): readonly unknown[] | Rejected {
  return readPlain(args).match<readonly unknown[] | Rejected>(
    (given) => given,
    (message) => rejected(key, `what ${verb}() was given ${message}`),
  );
}

const classes = new WeakMap<readonly AnyPart[], typeof BuilderBase>();

/** What every object has: `in` would also find what somebody else put there. */
const inherited = new Set('constructor hasOwnProperty isPrototypeOf toLocaleString toString valueOf then'.split(' '));

function isTaken(prototype: object, name: string): boolean {
  return inherited.has(name) || [prototype, BuilderBase.prototype].some((one) => Object.hasOwn(one, name));
}

/** The builder class for a list of parts: the base with the verbs of every part. */
export function builderClass(parts: readonly AnyPart[]): typeof BuilderBase {
  const known = classes.get(parts);
  if (known !== undefined) return known;
  const Class = class extends BuilderBase {};
  const prototype = Class.prototype as unknown as Record<string, unknown>;
  for (const part of parts) {
    for (const [name, verb] of Object.entries(part.verbs as Record<string, (...args: unknown[]) => unknown>)) {
      // A second part with the same word would silently change what the first one's users wrote.
      if (isTaken(prototype, name)) {
        const why = name === 'then' ? 'which would make builders awaitable' : 'which exists already';
        throw new TypeError(`the part ${part.key} brings the verb ${name}, ${why}`);
      }
      prototype[name] = function (this: { derive: BuilderBase['derive'] }, ...args: unknown[]) {
        const known = knownBuilder(this, name, args);
        if (known !== undefined) return known;
        const given = read(part.key, name, args);
        const builder = this.derive(part.key, (section) =>
          given instanceof Rejected ? given : verb(section, ...given),
        );
        const said = given instanceof Rejected ? undefined : plainArguments(given);
        if (said !== undefined) rememberBuilder(this, { verb: name, args: said, builder });
        return builder;
      };
    }
  }
  classes.set(parts, Class);
  return Class;
}

/** A builder that goes on from a spec. */
export function makeBuilder(parts: readonly AnyPart[], spec: Spec, runtime: Runtime): Builder {
  const Class = builderClass(parts);
  return new Class({ parts, runtime, spec, issues: [] }) as unknown as Builder;
}

export { ok };
