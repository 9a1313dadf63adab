/** The handle of a live container. */
import type { Readable, Writable } from 'node:stream';
import { constants } from 'node:os';
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import type {
  ContainerFreezer,
  EventsOptions,
  Group,
  GroupEvent,
  GroupStats,
  StatsOptions,
  WaitOptions,
} from '@haco/cgroups';
import { StateError, type HacoError } from '@haco/plan';
import type { RlimitsSection } from '@haco/rlimits';
import type { Outcome } from './outcome.js';
import { noGroup, updateContainer, type ContainerUpdate, type UpdateReport } from './update.js';

/** What a container handle is made of; core's own. */
export interface ContainerParts {
  readonly name: string;
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly resize: ((columns: number, rows: number) => void) | undefined;
  readonly outcome: Promise<Result<Outcome, HacoError>>;
  readonly kill: (signal: number) => boolean;
  /** Told of the rlimits that the first process has from now on. */
  readonly limited: (limits: RlimitsSection) => void;
  readonly freezer: ContainerFreezer;
  /** Its cgroup; undefined when no limit asked for one. */
  readonly group: Group | undefined;
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
export class Container implements AsyncDisposable {
  /** Name of the container; made up for this start when the spec has none. */
  readonly name: string;
  /** Pid of its first process, as this process sees it. */
  readonly pid: number;
  /** Node's end of stdin where that is a pipe or a terminal, else null. */
  readonly stdin: Writable | null;
  /** Node's end of stdout, with back-pressure; a terminal's whole output; null where it leads elsewhere. Read it or dispose of the handle: what was written stays there after the end. */
  readonly stdout: Readable | null;
  /** Node's end of stderr; null with a terminal and where it leads elsewhere. */
  readonly stderr: Readable | null;
  private readonly parts: ContainerParts;
  private over = false;

  constructor(parts: ContainerParts) {
    this.parts = parts;
    this.name = parts.name;
    this.pid = parts.pid;
    this.stdin = parts.stdin;
    this.stdout = parts.stdout;
    this.stderr = parts.stderr;
    void parts.outcome.then(() => {
      this.over = true;
      parts.group?.close();
    });
  }

  /**
   * How it ends, after everything of it was undone. `stdout` and `stderr` of the outcome are empty: the streams are the caller's.
   *
   * Errors: `io`, when something of the container could not be removed.
   */
  wait(): ResultAsync<Outcome, HacoError> {
    return new ResultAsync(this.parts.outcome);
  }

  /**
   * Send a signal to its first process. Mind that pid 1 of a pid namespace ignores signals that it has no handler for, but for
   * SIGKILL and SIGSTOP.
   *
   * Errors: `state`, when it has ended or there is no such signal.
   *
   * @param signal - name or number; SIGTERM without it
   * @see pid_namespaces(7)
   */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): Result<void, HacoError> {
    const number = typeof signal === 'number' ? signal : constants.signals[signal];
    const what = `send ${String(signal)} to the container`;
    if (!isSignal(number)) {
      return err(new StateError({ what, state: 'there is no such signal', remedy: 'use a name of signal(7)' }));
    }
    if (!this.over && this.parts.kill(number)) return ok();
    return err(new StateError({ what, state: 'the container is stopped', remedy: 'start it again first' }));
  }

  /**
   * Change the window size of its terminal, in characters.
   *
   * Errors: `state`, when it has none or has ended.
   */
  resize(columns: number, rows: number): Result<void, HacoError> {
    const { resize } = this.parts;
    if (resize === undefined || this.over) {
      const state = resize === undefined ? 'the container has no terminal' : 'the container is stopped';
      return err(new StateError({ what: 'change the window size', state, remedy: 'start it with tty()' }));
    }
    resize(columns, rows);
    return ok();
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
    return updateContainer(this.pid, this.parts.group, changes).map((report) => {
      this.parts.limited(Object.fromEntries(report.rlimits.map(({ kind, to }) => [kind, to])));
      return report;
    });
  }

  /**
   * What it uses now, read from its cgroup: times in ms, sizes in bytes. Cheap enough for hundreds of containers each second.
   *
   * Errors: `state`, when it has ended or has no cgroup; `io`.
   */
  stats(options: StatsOptions = {}): Result<GroupStats, HacoError> {
    return this.withGroup('read its statistics').andThen((group) => group.stats(options));
  }

  /**
   * What happens to it, as it happens: kills for want of memory, refused forks, pressure, freezing, its end.
   *
   * Errors: `state`, when it has ended or has no cgroup.
   */
  events(options: EventsOptions = {}): Result<AsyncIterableIterator<GroupEvent>, HacoError> {
    return this.withGroup('watch its events').map((group) => group.events(options));
  }

  /**
   * Stop all its processes where they are, and wait until they are stopped. A container whose limits gave it no freezer, as on v1,
   * gets a group for that now; one that has no cgroup at all is taken by its process tree, which a pid namespace holds together.
   *
   * Errors: `state`, `timeout`, `permission`, `unsupported`, `syscall`.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
   */
  freeze(options: WaitOptions = {}): ResultAsync<void, HacoError> {
    if (this.over) return errAsync(this.stopped('freeze it'));
    return this.parts.freezer.freeze(this.pid, options);
  }

  /** Let its processes go on. Errors: `state`, `timeout`, `syscall`. */
  thaw(options: WaitOptions = {}): ResultAsync<void, HacoError> {
    if (this.over) return errAsync(this.stopped('thaw it'));
    return this.parts.freezer.thaw(options);
  }

  private stopped(what: string): StateError {
    return new StateError({ what, state: 'the container is stopped', remedy: 'start it again first' });
  }

  private withGroup(what: string): Result<Group, HacoError> {
    if (this.over) return err(this.stopped(what));
    const { group } = this.parts;
    return group === undefined ? err(noGroup(what)) : ok(group);
  }

  /** Kill it if it still runs, wait until nothing of it is left, and close its streams, read or not. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.over) this.parts.kill(constants.signals.SIGKILL);
    void (await this.parts.outcome);
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }
}

/** Linux has 64 signals; 0 only asks whether the process lives. */
function isSignal(number: unknown): number is number {
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 64;
}
