/** The handle of a registered container, whoever has started it: found by its name, from any process of the same user. */
import { closeSync, constants as fsConstants, openSync } from 'node:fs';
import { constants } from 'node:os';
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import type { EventsOptions, GroupEvent, GroupStats, Group, StatsOptions } from '@haco/cgroups';
import {
  InvalidSpecError,
  issue,
  NotFoundError,
  parseDuration,
  StateError,
  TimeoutError,
  type Duration,
  type HacoError,
} from '@haco/plan';
import type { Builder, ExplainedPlan } from '../builder.js';
import type { Checkpoint, CheckpointOptions } from '../checkpoint/checkpoint.js';
import { attachTo, type AttachedContainer } from '../exec/attach.js';
import type { ExecArguments, ExecOptions } from '../exec/options.js';
import { ContainerFiles } from '../files/container-files.js';
import { nodeError } from '../files/root.js';
import { O_PATH } from '../o-path.js';
import type { HacoOptions } from '../haco.js';
import type { Outcome } from '../outcome.js';
import type { ProcessHandle } from '../process-handle.js';
import type { Spec } from '../spec.js';
import { look } from '../state/collect.js';
import type { ContainerState } from '../state/container-state.js';
import type { ContainerDirectory } from '../state/directory.js';
import { groupOf } from '../state/groups.js';
import { isAlive } from '../state/process-identity.js';
import { discardDirectory, lockDirectory } from '../state/lock-directory.js';
import { releaseLock } from '../state/lock.js';
import { signalProcess } from '../state/signal-process.js';
import { noGroup, type ContainerUpdate, type UpdateReport } from '../update.js';
import { ask, type ControlRequest } from './control.js';
import { defaultStop } from './live-container.js';
import { liveIssues } from './live-values.js';
import type { LogRecord } from './logs/record.js';
import type { ReloadReport } from './reload-report.js';
import type { SupervisionSection } from './section.js';
import { storedSpec } from './stored-spec.js';

/** How to ask a container to end. */
export interface StopOptions {
  /** How long it may take before it is killed: milliseconds, or text such as `'10s'`, which is the default. */
  readonly timeout?: Duration;
  /** What it is sent first, in place of SIGTERM. */
  readonly signal?: NodeJS.Signals | number;
}

/** How to wait for the end of a container. */
export interface WaitForEndOptions {
  /** How long: milliseconds, or text such as `'10s'`; without it, as long as it takes. */
  readonly timeout?: Duration;
}

/** How to remove a container. */
export interface RemoveOptions {
  /** Kill it first, when it hasn't ended. */
  readonly force?: boolean;
}

/** Which lines of output. */
export interface LogsOptions {
  /** Go on with what it writes from now on, until it has ended. */
  readonly follow?: boolean;
  /** Only so many of the last lines that are there. */
  readonly tail?: number;
  /** Only what was written since this moment: a date, or so long ago (milliseconds, or text such as `'10m'`). */
  readonly since?: Date | Duration;
}

/** A definition may do what it likes while it is loaded. */
const reloadMs = 60_000;

/** An owner that does nothing but look after its container answers at once; one that is a busy program, a little later. */
const answerMs = 10_000;
const lockMs = 5000;
/** How long an owner may hold the lock without listening: it begins, or it is being killed. */
const silenceMs = 2000;
const SIGKILL = 9;

/** A container that was registered: detached, or started with `register`. */
export class ManagedContainer {
  readonly name: string;
  readonly #directory: ContainerDirectory;
  readonly #options: HacoOptions;

  /** @internal */
  constructor(directory: ContainerDirectory, options: HacoOptions = {}) {
    this.name = directory.name;
    this.#directory = directory;
    this.#options = options;
  }

  /**
   * How it is now. What a crash has left of it is tidied up first: a container whose supervisor was lost is `stopped`.
   *
   * Errors: `not-found`, when it was removed; `io`, when its file can't be read or makes no sense.
   */
  state(): ResultAsync<ContainerState, HacoError> {
    return new ResultAsync(look(this.#directory)).andThen((state) =>
      state === undefined ? err(notFound(this.name)) : ok(state),
    );
  }

  /**
   * Run a further program in it, capture what it writes, wait for its end: as `exec()` of {@link Container}, also confined as the
   * container's spec says.
   *
   * Errors: `state`, when it doesn't run; else as `run()`.
   */
  exec(file: string, ...args: readonly string[]): ResultAsync<Outcome, HacoError>;
  exec(options: ExecOptions): ResultAsync<Outcome, HacoError>;
  exec(...args: ExecArguments): ResultAsync<Outcome, HacoError> {
    return this.#inside((attached) => attached.exec(...(args as [ExecOptions])));
  }

  /** Start a further program in it: as `spawn()` of {@link Container}. Errors: as `exec()`. */
  spawn(file: string, ...args: readonly string[]): ResultAsync<ProcessHandle, HacoError>;
  spawn(options: ExecOptions): ResultAsync<ProcessHandle, HacoError>;
  spawn(...args: ExecArguments): ResultAsync<ProcessHandle, HacoError> {
    return this.#inside((attached) => attached.spawn(...(args as [ExecOptions])));
  }

  /** The plan of an `exec()` with the same arguments. Errors: `state`, `invalid-spec`, `not-found`. */
  explain(file: string, ...args: readonly string[]): ResultAsync<ExplainedPlan, HacoError>;
  explain(options: ExecOptions): ResultAsync<ExplainedPlan, HacoError>;
  explain(...args: ExecArguments): ResultAsync<ExplainedPlan, HacoError> {
    return this.#inside((attached) => new ResultAsync(Promise.resolve(attached.explain(...(args as [ExecOptions])))));
  }

  /** Its files, as its first process sees them now; see {@link ContainerFiles}. Errors of all of them: `state`, when it doesn't run. */
  get files(): ContainerFiles {
    return new ContainerFiles({ owners: () => undefined, open: () => this.#openRoot() });
  }

  /**
   * Send a signal to its first process. One that ends programs (SIGKILL, SIGTERM, SIGINT, SIGQUIT, SIGABRT) also tells its restart
   * policy that the end is wanted.
   *
   * Errors: `state`, when it doesn't run or there is no such signal.
   *
   * @param signal - name or number; SIGTERM without it
   */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): ResultAsync<void, HacoError> {
    return signalNumber(signal).asyncAndThen((number) =>
      this.#ask(`send ${String(signal)} to it`, { op: 'kill', argument: { signal: number }, timeoutMs: answerMs })
        .map(() => undefined)
        .orElse((error) => {
          if (error.kind !== 'timeout') return errAsync(error);
          // An owner that hangs shall not save the container.
          return this.#process('send a signal to it').andThen(({ pid, startTime }) =>
            signalProcess({ pid, startTime }, number).map(() => undefined),
          );
        }),
    );
  }

  /**
   * Ask it to end (SIGTERM, or what its definition says), kill it when it takes too long, and wait for the end. No policy starts it again.
   * What has ended already is fine.
   *
   * Errors: `not-found`; `state`, when it was never started; `timeout`, when its supervisor doesn't answer.
   */
  stop(options: StopOptions = {}): ResultAsync<Outcome, HacoError> {
    const timeoutMs = options.timeout === undefined ? ok(undefined) : parseDuration(options.timeout);
    const signal = options.signal === undefined ? ok(undefined) : signalNumber(options.signal);
    if (timeoutMs.isErr()) {
      return errAsync(new InvalidSpecError({ issues: [issue('timeout', timeoutMs.error)] }));
    }
    return signal.asyncAndThen((number) =>
      this.#ask('stop it', (state) => ({
        op: 'stop',
        argument: { timeoutMs: timeoutMs.value, signal: number },
        timeoutMs: (timeoutMs.value ?? stopMsOf(state)) + answerMs,
      }))
        .map((outcome) => outcome as Outcome)
        .orElse((error) => (error.kind === 'state' ? this.#kept(error) : errAsync(error))),
    );
  }

  /**
   * How it ended, as soon as it has: for good, when a policy starts it again. A container that has ended is kept until it is removed, so
   * this works afterwards, too.
   *
   * Errors: `not-found`, when it was removed; `state`, when it never ran; `timeout`; `invalid-spec`, when that is no time.
   *
   * @param options - `timeout`: how long to wait: milliseconds, or text such as `'10s'`; without it, as long as it takes
   */
  wait({ timeout }: WaitForEndOptions = {}): ResultAsync<Outcome, HacoError> {
    const parsed = timeout === undefined ? ok(undefined) : parseDuration(timeout);
    if (parsed.isErr()) return errAsync(new InvalidSpecError({ issues: [issue('timeout', parsed.error)] }));
    const timeoutMs = parsed.value;
    return this.#ask('wait for its end', { op: 'wait', ...(timeoutMs === undefined ? {} : { timeoutMs }) })
      .map((outcome) => outcome as Outcome)
      .orElse((error) => {
        if (error.kind === 'state') return this.#kept(error);
        const what = `the end of the container ${this.name}`;
        return errAsync(error.kind === 'timeout' ? new TimeoutError({ what, timeoutMs: timeoutMs ?? 0 }) : error);
      });
  }

  /**
   * Start it again, when it was detached and has ended: as it was asked for then, with a definition that is read again.
   *
   * Errors: `not-found`; `state`, when it hasn't ended, or wasn't detached; else as `detach()`.
   */
  start(): ResultAsync<void, HacoError> {
    return this.state().andThen(({ status }) => {
      if (status === 'stopped') {
        return new ResultAsync(import('./detach.js').then(({ detachAgain }) => detachAgain(this.#directory)));
      }
      const what = `start the container ${this.name} again`;
      return errAsync(new StateError({ what, state: `it is ${status}`, remedy: 'stop() it first' }));
    });
  }

  /** Stop all its processes where they are. Errors: `state`, `timeout`, `permission`, `unsupported`, `syscall`. */
  freeze(): ResultAsync<void, HacoError> {
    return this.#ask('freeze it', { op: 'freeze', timeoutMs: answerMs }).map(() => undefined);
  }

  /** Let its processes go on. Errors: `state`, `timeout`, `syscall`. */
  thaw(): ResultAsync<void, HacoError> {
    return this.#ask('thaw it', { op: 'thaw', timeoutMs: answerMs }).map(() => undefined);
  }

  /** Change its limits while it runs, all or nothing: as `update()` of {@link Container}. */
  update(changes: ContainerUpdate): ResultAsync<UpdateReport, HacoError> {
    return this.#ask('change its limits', { op: 'update', argument: changes, timeoutMs: answerMs }).map(
      (report) => report as UpdateReport,
    );
  }

  /**
   * Save its processes with CRIU: as `checkpoint()` of {@link Container}. No policy starts it again afterwards, unless `leaveRunning` is
   * given.
   *
   * Errors: as there; `state`, when it doesn't run.
   */
  checkpoint(directory?: string, options: CheckpointOptions = {}): ResultAsync<Checkpoint, HacoError> {
    return this.#process('save it').andThen(({ pid, spec }) => {
      const target = { name: this.name, pid, spec };
      const save = (): ResultAsync<Checkpoint, HacoError> =>
        new ResultAsync(
          import('../checkpoint/checkpoint.js').then(({ checkpoint }) => checkpoint(target, directory, options)),
        );
      if (options.leaveRunning === true) return save();
      return this.#ask('save it', { op: 'expectEnd', argument: { expected: true }, timeoutMs: answerMs })
        .andThen(save)
        .orElse((error) =>
          this.#ask('save it', { op: 'expectEnd', argument: { expected: false }, timeoutMs: answerMs })
            .orElse(() => ok(undefined))
            .andThen(() => err(error)),
        );
    });
  }

  /** What it uses now, read from its cgroup: times in ms, sizes in bytes. Errors: `state`, when it doesn't run or has no cgroup; `io`. */
  stats(options: StatsOptions = {}): ResultAsync<GroupStats, HacoError> {
    return this.#group('read its statistics').andThen((group) => {
      const stats = group.stats(options);
      group.close();
      return stats;
    });
  }

  /** What happens to it, as it happens: as `events()` of {@link Container}. Errors: `state`, when it doesn't run or has no cgroup. */
  events(options: EventsOptions = {}): ResultAsync<AsyncIterableIterator<GroupEvent>, HacoError> {
    return this.#group('watch its events').map((group) => group.events(options));
  }

  /**
   * What it has written, line by line; with `follow` also what it will, until it has ended.
   *
   * Errors: `not-found`; `state`, when its output isn't kept in a file; `invalid-spec`, when a time makes no sense.
   *
   * @example
   * ```ts
   * import { containers, orThrow } from '@haco/core';
   * const web = await orThrow(containers().get('web'));
   * for await (const { time, stream, text } of await orThrow(web.logs({ follow: true, tail: 10 }))) {
   *   console.log(time, stream, text);
   * }
   * ```
   */
  logs({ since, ...options }: LogsOptions = {}): ResultAsync<AsyncIterableIterator<LogRecord>, HacoError> {
    return this.state().andThen((state) => {
      const { logFile } = state;
      if (logFile === null) return errAsync(noLog(state));
      const sinceMs = since === undefined ? undefined : momentOf(since);
      if (sinceMs?.isErr() === true) return errAsync(sinceMs.error);
      const isOver = (): boolean =>
        this.#directory
          .read()
          .map((now) => (now?.status ?? 'stopped') === 'stopped')
          .unwrapOr(true);
      const what = { ...options, ...(sinceMs?.isOk() === true ? { sinceMs: sinceMs.value } : {}) };
      return ResultAsync.fromSafePromise(
        import('./logs/read-logs.js').then(({ readLogs }) => readLogs(logFile, what, isOver)),
      );
    });
  }

  /**
   * Read its definition again, or take the builder that is given, and bring what changed into force while it runs: limits, resource limits
   * of its first process, and how it is looked after. All of it or nothing; the report says what comes with the next start only.
   *
   * Errors: `state`, when it was detached without a definition; else as `loadDefinition()` and `update()`.
   */
  reload(builder?: Pick<Builder, 'spec'>): ResultAsync<ReloadReport, HacoError> {
    const spec: Result<Spec | undefined, HacoError> = builder === undefined ? ok(undefined) : builder.spec();
    return spec.asyncAndThen((given) => {
      const issues = liveIssues(given);
      if (issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
      const whole = given === undefined ? null : { spec: withName(given, this.name) };
      return this.#ask('reload it', { op: 'reload', argument: whole, timeoutMs: reloadMs }).map(
        (report) => report as ReloadReport,
      );
    });
  }

  /**
   * Forget it, with its outcome and its output: its name is free then.
   *
   * Errors: `not-found`; `state`, when it hasn't ended and `force` isn't given.
   */
  remove({ force = false }: RemoveOptions = {}): ResultAsync<void, HacoError> {
    return new ResultAsync(this.#remove(force));
  }

  async #remove(force: boolean): Promise<Result<void, HacoError>> {
    const seen = await this.state();
    if (seen.isErr() && (!force || seen.error.kind === 'not-found')) return err(seen.error);
    if (seen.isOk() && seen.value.status !== 'stopped') {
      if (!force) {
        const remedy = 'stop() it first, or say force: true';
        return err(
          new StateError({ what: `remove the container ${this.name}`, state: `it is ${seen.value.status}`, remedy }),
        );
      }
      const stopped = await this.stop({ timeout: 0 });
      if (stopped.isErr() && stopped.error.kind === 'timeout') {
        const ended = this.#endOwner(seen.value);
        if (ended.isErr()) return err(ended.error);
      }
    }
    return this.#discard();
  }

  /** A supervisor that doesn't answer is ended; a program of somebody is not, only the container that it holds. */
  #endOwner({ supervisor, pid, startTime }: ContainerState): Result<unknown, HacoError> {
    if (supervisor?.detached === true) return signalProcess(supervisor, SIGKILL);
    return pid === null || startTime === null ? ok(undefined) : signalProcess({ pid, startTime }, SIGKILL);
  }

  async #discard(): Promise<Result<void, HacoError>> {
    const deadline = performance.now() + lockMs;
    for (;;) {
      // Tidies up what a killed supervisor has left.
      const seen = await look(this.#directory);
      if (seen.isOk() && seen.value === undefined) return ok(undefined);
      const lock = lockDirectory(this.#directory);
      if (lock.isErr()) return err(lock.error);
      if (lock.value !== undefined) {
        discardDirectory(this.#directory);
        releaseLock(lock.value);
        return ok(undefined);
      }
      if (performance.now() > deadline) {
        return err(
          new TimeoutError({ what: `the owner of the container ${this.name} to let go of it`, timeoutMs: lockMs }),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Its first process. Errors: `state`, when it doesn't run. */
  #process(
    what: string,
  ): ResultAsync<ContainerState & { readonly pid: number; readonly startTime: number }, HacoError> {
    return this.state().andThen((state) => {
      const { pid, startTime } = state;
      if (pid === null || startTime === null) return err(notRunning(what, state));
      return isAlive({ pid, startTime }) ? ok({ ...state, pid, startTime }) : err(notRunning(what, state));
    });
  }

  /** What `attachTo({ name })` gives. @internal */
  '~attach'(): ResultAsync<AttachedContainer, HacoError> {
    return this.#process('attach to it').andThen(({ pid, startTime, spec }) =>
      attachTo({ pid, startTime, spec: storedSpec(spec) }, this.#options),
    );
  }

  /** Attach for one use: nothing of this handle stays open, however many containers a program looks at. */
  #inside<T>(use: (attached: AttachedContainer) => ResultAsync<T, HacoError>): ResultAsync<T, HacoError> {
    const what = 'run a command in the container';
    return this.#process(what).andThen(({ status, pid, startTime, spec }) => {
      if (status === 'paused') {
        return errAsync(new StateError({ what, state: 'it is paused', remedy: 'thaw() it first' }));
      }
      return attachTo({ pid, startTime, spec: storedSpec(spec) }, this.#options).andThen((attached) => {
        const used = use(attached);
        void used.then(() => attached[Symbol.asyncDispose]());
        return used;
      });
    });
  }

  #openRoot(): Result<number, HacoError> {
    const what = 'reach the files of the container';
    return this.#directory.read().andThen((state) => {
      if (state === undefined) return err(notFound(this.name));
      const { pid, startTime } = state;
      if (pid === null || startTime === null || !isAlive({ pid, startTime })) return err(notRunning(what, state));
      const path = `/proc/${String(pid)}/root`;
      try {
        const fd = openSync(path, O_PATH | fsConstants.O_DIRECTORY);
        // The number meant the container before and after: what was opened is its root.
        if (isAlive({ pid, startTime })) return ok(fd);
        closeSync(fd);
        return err(notRunning(what, state));
      } catch (error) {
        return err(nodeError('open the root directory', path, error));
      }
    });
  }

  #group(what: string): ResultAsync<Group, HacoError> {
    return this.#process(what).andThen((state) => {
      const group = groupOf(state);
      return group === undefined ? err(noGroup(what)) : ok(group);
    });
  }

  /** Ask its owner. Errors: `state`, when it has none. */
  #ask(
    what: string,
    request: ControlRequest | ((state: ContainerState) => ControlRequest),
  ): ResultAsync<unknown, HacoError> {
    return new ResultAsync(this.#askUntilAnswered(what, request));
  }

  async #askUntilAnswered(
    what: string,
    request: ControlRequest | ((state: ContainerState) => ControlRequest),
  ): Promise<Result<unknown, HacoError>> {
    for (let deadline: number | undefined; ;) {
      const state = await this.state();
      if (state.isErr()) return err(state.error);
      if (state.value.status === 'stopped') return err(notRunning(what, state.value));
      const asked = typeof request === 'function' ? request(state.value) : request;
      const answer = await ask(this.#directory.socketPath, asked);
      if (answer.isErr()) return err(answer.error);
      if (answer.value !== undefined) return ok(answer.value.value);
      // Its owner doesn't listen yet, or no longer: in a moment its lock, or its state, will say which.
      deadline ??= performance.now() + silenceMs;
      if (performance.now() > deadline) return err(notRunning(what, state.value));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The outcome that is kept of a container that has ended. */
  #kept(otherwise: HacoError): ResultAsync<Outcome, HacoError> {
    return this.state().andThen(({ status, outcome }) =>
      status === 'stopped' && outcome !== null ? ok(outcome) : err(otherwise),
    );
  }
}

/** No container of this name is registered. */
export function notFound(name: string): NotFoundError {
  return new NotFoundError({
    what: 'container',
    subject: name,
    remedy:
      'look which there are with containers().list(); those of other users, or of another HACO_STATE_DIR, are not seen',
  });
}

/** How long it may take to end when nobody says how long. */
function stopMsOf({ spec }: ContainerState): number {
  const timeoutMs: unknown = (spec['supervision'] as SupervisionSection | undefined)?.stop?.timeoutMs;
  return typeof timeoutMs === 'number' ? timeoutMs : defaultStop.timeoutMs;
}

function notRunning(what: string, { name, status, failure }: ContainerState): StateError {
  const why = failure === null ? '' : ` (${failure.replace(/\.$/, '')})`;
  const state =
    status === 'running'
      ? `the container ${name} has no process right now`
      : `the container ${name} is ${status}${why}`;
  const remedy = status === 'stopped' ? 'start it again first' : 'try again in a moment';
  return new StateError({ what, state, remedy });
}

function signalNumber(signal: NodeJS.Signals | number): Result<number, HacoError> {
  const number = typeof signal === 'number' ? signal : constants.signals[signal];
  if (Number.isInteger(number) && number >= 0 && number <= 64) return ok(number);
  const what = `send ${String(signal)} to the container`;
  return err(new StateError({ what, state: 'there is no such signal', remedy: 'use a name of signal(7)' }));
}

/** A builder without a name is the container's that it is given to. */
function withName(spec: Spec, name: string): Spec {
  return spec.identity.name === undefined ? { ...spec, identity: { ...spec.identity, name } } : spec;
}

function momentOf(since: Date | Duration): Result<number, HacoError> {
  if (since instanceof Date) return ok(since.getTime());
  return parseDuration(since)
    .map((ms) => Date.now() - ms)
    .mapErr((message) => new InvalidSpecError({ issues: [issue('since', message)] }));
}

function noLog({ name, spec, supervisor }: ContainerState): StateError {
  const what = 'read its output';
  const to = (spec['supervision'] as SupervisionSection | undefined)?.logs?.to;
  switch (to) {
    case 'journald':
      return new StateError({ what, state: 'it goes to the journal', remedy: `say "journalctl -t ${name}"` });
    case 'syslog':
      return new StateError({
        what,
        state: 'it goes to syslog',
        remedy: `look for ${name} where syslog keeps its messages`,
      });
    default: {
      const state = supervisor?.detached === false ? 'it belongs to the program that started it' : 'nobody keeps it';
      return new StateError({ what, state, remedy: 'say detach() with logs({ to: "file" }) when it is started' });
    }
  }
}
