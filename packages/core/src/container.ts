/** The handle of a live container. */
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import {
  readEvents,
  type ContainerFreezer,
  type EventsOptions,
  type Group,
  type GroupDir,
  type GroupEvent,
  type GroupStats,
  type StatsOptions,
  type WaitOptions,
} from '@haco/cgroups';
import { type HacoError, nothing } from '@haco/plan';
import type { RlimitsSection } from '@haco/rlimits';
import type { ExplainedPlan } from './builder.js';
import type { Checkpoint, CheckpointOptions } from './checkpoint/checkpoint.js';
import type { Inside } from './exec/inside.js';
import type { ExecArguments, ExecOptions } from './exec/options.js';
import type { ContainerFiles } from './files/container-files.js';
import type { Outcome } from './outcome.js';
import type { Spec } from './spec.js';
import { ProcessHandle, type ProcessParts } from './process-handle.js';
import { noGroup, updateContainer, type ContainerUpdate, type UpdateReport } from './update.js';

/** What a container handle is made of; core's own. */
export interface ContainerParts extends ProcessParts {
  readonly name: string;
  /** Told of the rlimits that the first process has from now on. */
  readonly limited: (limits: RlimitsSection) => void;
  readonly freezer: ContainerFreezer;
  /** Its cgroup; undefined when no limit asked for one. */
  readonly group: Group | undefined;
  /** Settles when it is ready; at once when nothing says what that is. */
  readonly ready: () => Promise<Result<void, HacoError>>;
  /** Calls the hooks of a definition that was read again. */
  readonly reloaded: (spec: Spec) => Promise<Result<void, HacoError>>;
  /** Who sends further processes into it. */
  readonly inside: Inside;
  /** What it is. */
  readonly spec: Spec;
}

/**
 * A container that has been started. It ends with its command, when it is killed, when its handle is disposed of, or when
 * Node ends.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * await using container = await orThrow(haco().unshare('pid').command('cat').start());
 * container.stdin?.end('hello');
 * const outcome = await orThrow(container.wait());
 * ```
 */
export class Container extends ProcessHandle {
  /** Name of the container; made up for this start when the spec has none. */
  readonly name: string;
  readonly #parts: ContainerParts;
  #startTime: number | undefined;

  constructor(parts: ContainerParts) {
    super(parts);
    this.#parts = parts;
    this.name = parts.name;
    void parts.outcome.then(() => {
      parts.group?.close();
      parts.inside.close();
    });
  }

  /**
   * When its first process was started, in ticks since boot (field 22 of proc_pid_stat(5)): with the pid, it names the process for good.
   * 0 when it had ended before this was first asked.
   */
  get startTime(): number {
    this.#startTime ??= this.over ? 0 : this.#parts.inside.startTime();
    return this.#startTime;
  }

  /**
   * Wait until it is ready, as `readiness()` says; at once when nothing was said. More calls wait for the same.
   *
   * Errors: `timeout`, when it takes too long; `state`, when the container ends before.
   */
  ready(): ResultAsync<void, HacoError> {
    return new ResultAsync(this.#parts.ready());
  }

  /** Its files, as seen inside; see {@link ContainerFiles}. Errors of all of them: `state`, when it has ended. */
  get files(): ContainerFiles {
    return this.#parts.inside.files;
  }

  /**
   * Run a further program in it, capture what it writes, wait for its end: as `run()`, but in the namespaces, the root and the
   * cgroups of this container, as its user, with its environment, its capabilities and everything that confines its processes. What
   * is given differs from that.
   *
   * Errors: `state`, when the container has ended; else as `run()`.
   *
   * @see setns(2)
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * await using container = await orThrow(haco().unshare('pid').user('nobody').command('server').start());
   * const { stdout } = await orThrow(container.exec('ps', '-o', 'pid,comm'));
   * await container.exec({ command: ['id'], user: 'root', env: { LANG: 'C' }, timeout: '5s' });
   * ```
   */
  exec(file: string, ...args: readonly string[]): ResultAsync<Outcome, HacoError>;
  exec(options: ExecOptions): ResultAsync<Outcome, HacoError>;
  exec(...args: ExecArguments): ResultAsync<Outcome, HacoError> {
    return this.#parts.inside.exec(args);
  }

  /**
   * Start a further program in it, and give the handle as soon as it runs: as `exec()`, but with streams, or a terminal (`tty`).
   *
   * Errors: as {@link Container.exec}.
   */
  spawn(file: string, ...args: readonly string[]): ResultAsync<ProcessHandle, HacoError>;
  spawn(options: ExecOptions): ResultAsync<ProcessHandle, HacoError>;
  spawn(...args: ExecArguments): ResultAsync<ProcessHandle, HacoError> {
    return this.#parts.inside.spawn(args);
  }

  /**
   * The plan of an `exec()` with the same arguments: every step with its system calls. Nothing is started.
   *
   * Errors: `state`, when the container has ended; `invalid-spec`; `not-found`, when there is no such user inside.
   */
  explain(file: string, ...args: readonly string[]): Result<ExplainedPlan, HacoError>;
  explain(options: ExecOptions): Result<ExplainedPlan, HacoError>;
  explain(...args: ExecArguments): Result<ExplainedPlan, HacoError> {
    return this.#parts.inside.explain(args);
  }

  /**
   * Change its limits while it runs, all or nothing: when one is refused those before it are put back, and the error names the
   * file with its old and its new value. What haconiwa calls reload.
   *
   * Errors: `invalid-spec`; `state`, when it has ended, or has no cgroup (no limit was asked for at its start); `syscall`, `io` or
   * `permission`, when the kernel refuses.
   *
   * @param changes - limits in human units; `rlimits` are those of its first process
   * @see prlimit(2)
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const container = await orThrow(haco().cpu(50).memory('256MiB').command('server').start());
   * await orThrow(container.update({ cpu: 20, memory: '1GiB', rlimits: { nofile: 4096 } }));
   * ```
   */
  update(changes: ContainerUpdate): ResultAsync<UpdateReport, HacoError> {
    if (this.over) return errAsync(this.stopped('change its limits'));
    return updateContainer(this.pid, this.#parts.group, changes).map((report) => {
      this.#parts.limited(Object.fromEntries(report.rlimits.map(({ kind, to }) => [kind, to])));
      return report;
    });
  }

  /**
   * What it uses now, read from its cgroup: times in ms, sizes in bytes. Cheap enough for hundreds of containers each second.
   *
   * Errors: `state`, when it has ended or has no cgroup; `io`.
   */
  stats(options: StatsOptions = nothing): Result<GroupStats, HacoError> {
    return this.withGroup('read its statistics').andThen((group) => group.stats(options));
  }

  /**
   * What happens to it, as it happens: kills for want of memory, refused forks, pressure, freezing, its end. What happens in its last
   * moment may be gone with its cgroup before it is told: the outcome counts everything.
   *
   * Errors: `state`, when it has ended or has no cgroup; `invalid-spec`.
   */
  events(options: EventsOptions = nothing): Result<AsyncIterableIterator<GroupEvent>, HacoError> {
    return this.withGroup('watch its events').andThen((group) => readEvents(options).map(() => group.events(options)));
  }

  /**
   * Stop all its processes where they are, and wait until they are stopped. A container whose limits gave it no freezer, as on v1,
   * gets a group for that now. One that has no cgroup at all is taken by its process tree, by its pid namespace, and by what this handle
   * has sent in: without both a group and a pid namespace, what another program has sent in by `attachTo()` isn't found.
   *
   * Errors: `state`, `timeout`, `permission`, `unsupported`, `syscall`.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
   */
  freeze(options: WaitOptions = nothing): ResultAsync<void, HacoError> {
    if (this.over) return errAsync(this.stopped('freeze it'));
    const { freezer, inside } = this.#parts;
    const before = inside.paused;
    // From now on nobody comes in who would not be stopped.
    inside.paused = true;
    return ResultAsync.fromSafePromise(inside.sent.settle())
      .andThen(() => freezer.freeze(this.pid, options, () => inside.sent.pids()))
      .mapErr((error) => {
        inside.paused = before;
        return error;
      });
  }

  /** Let its processes go on. Errors: `state`, `timeout`, `syscall`. */
  thaw(options: WaitOptions = nothing): ResultAsync<void, HacoError> {
    if (this.over) return errAsync(this.stopped('thaw it'));
    return this.#parts.freezer.thaw(options).map(() => {
      this.#parts.inside.paused = false;
    });
  }

  /**
   * Save its processes with CRIU, to be restored later, here or on another machine, by `restore()` of its definition. It ends then, by
   * SIGKILL, unless `leaveRunning` is given. What it keeps in its root directory isn't saved: the root must be the same at the restore. Its
   * other mounts of haco, its memory, its open files and its unconnected sockets are; connected ones by `tcpEstablished`, where the network
   * allows it. What `exec()` has sent in is not.
   *
   * Needs root, and CRIU: `apt-get install criu`; on Linux 6.13 and later it must be 4.1 or newer (`HACO_CRIU` names another one).
   *
   * Errors: `tool`, when CRIU is missing or fails, with the errors of its log; `state`, when it has ended, or has what can't be saved (a
   * terminal, a user namespace, a root that is an overlay or the host's); `conflict`, when something is in the directory; `permission`,
   * `timeout`, `invalid-spec`, `io`. Nothing is left in the directory then.
   *
   * @param directory - made when it isn't there; without it that of the container's name below the state directory
   * @see criu(8)
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const job = haco().unshare('mount', 'pid').chroot('/srv/root').independent('procfs', 'dev').command('simulate');
   * const container = await orThrow(job.start());
   * const { directory } = await orThrow(container.checkpoint('/srv/checkpoints/job'));
   * await using restored = await orThrow(job.restore(directory));
   * ```
   */
  checkpoint(directory?: string, options: CheckpointOptions = nothing): ResultAsync<Checkpoint, HacoError> {
    if (this.over) return errAsync(this.stopped('save it'));
    const { spec } = this.#parts;
    return new ResultAsync(
      import('./checkpoint/checkpoint.js').then(({ checkpoint }) =>
        checkpoint({ name: this.name, pid: this.pid, spec }, directory, options),
      ),
    );
  }

  /** The group that `freeze()` has made, for who keeps account of it. @internal */
  get '~freezerGroups'(): readonly GroupDir[] {
    const { own } = this.#parts.freezer;
    return own === undefined ? [] : [own];
  }

  /** Its definition was read again and applied: its hooks are called. @internal */
  '~reloaded'(spec: Spec): Promise<Result<void, HacoError>> {
    return this.#parts.reloaded(spec);
  }

  private withGroup(what: string): Result<Group, HacoError> {
    if (this.over) return err(this.stopped(what));
    const { group } = this.#parts;
    return group === undefined ? err(noGroup(what)) : ok(group);
  }
}
