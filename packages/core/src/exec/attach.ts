/** Attaching to a container that another process has started: by the pid of any process in it. */
import { err, ok, Result, ResultAsync } from 'neverthrow';
import {
  ConflictError,
  type HacoError,
  InvalidSpecError,
  issue,
  misfits,
  nothing,
  readArguments,
  type Shape,
} from '@haco/plan';
import { makeBuilder, type ExplainedPlan } from '../builder.js';
import { emptySpec, hacoOptionsShape, partsWith, type HacoOptions } from '../haco.js';
import type { ContainerFiles } from '../files/container-files.js';
import type { Outcome } from '../outcome.js';
import type { ProcessHandle } from '../process-handle.js';
import { realRuntime } from '../runtime.js';
import { parseSpec, type Spec } from '../spec.js';
import { startTimeOf } from '../state/process-identity.js';
import type { StateOptions } from '../state/root.js';
import { confinementOf, type NotCopied } from './confinement-of.js';
import { Inside } from './inside.js';
import type { ExecArguments, ExecOptions } from './options.js';
import { Pidfd, stopped } from './pidfd.js';
import { readJoin } from './read-join.js';

/** A registered container: detached, or started with `register`. Its spec is stored, so everything that confines it is copied. */
export interface AttachByName extends StateOptions {
  readonly name: string;
}

/** Which container to attach to: any that runs, by the pid of a process in it. */
export interface AttachTarget {
  /** A process in the container, as this process sees it; its first one, if you have the choice. */
  readonly pid: number;
  /**
   * When that process was started, in ticks since boot (field 22 of proc_pid_stat(5)), as `startTime` of an earlier attachment: a pid
   * may be another process's by now.
   */
  readonly startTime?: number;
  /** The spec that the container was started with, as `spec()` gave it, also after a way through JSON. Without it, what confines the process is read from the kernel. */
  readonly spec?: unknown;
  /** What need not be as for the process, where it can't be copied without the spec: its seccomp filter, its label of a security module. */
  readonly degrade?: readonly NotCopied[];
}

/**
 * A container of another process: further programs can be run in it, nothing else is ours. It goes on when it is disposed of.
 *
 * @example
 * ```ts
 * import { attachTo, orThrow } from '@haco/core';
 * const pid = 4711;
 * await using web = await orThrow(attachTo({ pid }));
 * const { stdout } = await orThrow(web.exec('ps'));
 * ```
 */
export class AttachedContainer implements AsyncDisposable {
  readonly pid: number;
  /** When that process was started, in ticks since boot: with the pid, it names the process for good. */
  readonly startTime: number;
  readonly #inside: Inside;
  readonly #pidfd: Pidfd;

  constructor(parts: {
    readonly pid: number;
    readonly startTime: number;
    readonly inside: Inside;
    readonly pidfd: Pidfd;
  }) {
    this.pid = parts.pid;
    this.startTime = parts.startTime;
    this.#inside = parts.inside;
    this.#pidfd = parts.pidfd;
  }

  /** Whether the process that it was attached to still exists. */
  get isRunning(): boolean {
    return this.#pidfd.get('look').isOk();
  }

  /** Its files, as seen inside; see {@link ContainerFiles}. */
  get files(): ContainerFiles {
    return this.#inside.files;
  }

  /** Run a further program in it; as `exec()` of {@link Container}. Errors: `state`, when it has ended; else as `run()`. */
  exec(file: string, ...args: readonly string[]): ResultAsync<Outcome, HacoError>;
  exec(options: ExecOptions): ResultAsync<Outcome, HacoError>;
  exec(...args: ExecArguments): ResultAsync<Outcome, HacoError> {
    return this.#inside.exec(args);
  }

  /** Start a further program in it; as `spawn()` of {@link Container}. Errors: as `exec()`. */
  spawn(file: string, ...args: readonly string[]): ResultAsync<ProcessHandle, HacoError>;
  spawn(options: ExecOptions): ResultAsync<ProcessHandle, HacoError>;
  spawn(...args: ExecArguments): ResultAsync<ProcessHandle, HacoError> {
    return this.#inside.spawn(args);
  }

  /** The plan of an `exec()` with the same arguments. Errors: `state`, `invalid-spec`, `not-found`. */
  explain(file: string, ...args: readonly string[]): Result<ExplainedPlan, HacoError>;
  explain(options: ExecOptions): Result<ExplainedPlan, HacoError>;
  explain(...args: ExecArguments): Result<ExplainedPlan, HacoError> {
    return this.#inside.explain(args);
  }

  /** Let go of it. What was started in it goes on until it ends by itself, or Node does. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#inside.close();
    return Promise.resolve();
  }
}

/** What works only in the program that made the spec says what it was. */
const throughJson = Result.fromThrowable(
  (spec: unknown): unknown => JSON.parse(JSON.stringify(spec)),
  (thrown): HacoError =>
    new InvalidSpecError({ issues: [issue('spec', `is no JSON: ${(thrown as Error).message.split('\n')[0] ?? ''}`)] }),
);

function attach(target: AttachTarget, options: HacoOptions): Result<AttachedContainer, HacoError> {
  const { pid, startTime: expected, degrade = [] } = target;
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return err(new InvalidSpecError({ issues: [issue('pid', `${String(pid)} is not a process id`)] }));
  }
  const parts = partsWith(options.parts);
  const runtime = options.runtime ?? realRuntime;
  const given: Result<Spec | undefined, HacoError> =
    target.spec === undefined ? ok(undefined) : throughJson(target.spec).andThen((json) => parseSpec(parts, json));
  return given.andThen((spec) => {
    const pidfd = new Pidfd(pid, () => true);
    // From here on the number is read only while the descriptor says that it is still the same process.
    const attached = pidfd.open().andThen(() => {
      const startTime = startTimeOf(pid);
      if (startTime === undefined) return err(stopped('attach to it'));
      if (expected !== undefined && startTime !== expected) {
        const remedy = `that process was started at ${String(startTime)}, not at ${String(expected)}; the container has ended`;
        return err(new ConflictError({ what: 'process id', subject: String(pid), remedy }));
      }
      const host = runtime.host();
      return readJoin(pid, host)
        .andThen((join) =>
          (spec === undefined ? confinementOf(join, host, degrade) : ok<Partial<Spec>, HacoError>(spec)).map(
            (sections) => ({ join, spec: { ...emptySpec(parts), ...sections } as Spec }),
          ),
        )
        .andThen(({ join, spec: whole }) =>
          pidfd.get('attach to it').map(
            () =>
              new AttachedContainer({
                pid,
                startTime,
                pidfd,
                inside: new Inside({ parts, runtime, spec: whole, makeBuilder, pidfd, readJoin: () => ok(join) }),
              }),
          ),
        );
    });
    if (attached.isErr()) pidfd.close();
    return attached;
  });
}

/**
 * Attach to a container that runs, whoever has started it: with haco, or with anything else that makes containers. What is run in it
 * joins the namespaces, the root and the cgroups of the process, as its user, with its capabilities and no_new_privs, and with the
 * rest of the spec when that is given. What a process can't be asked for (environment, resource limits, Landlock rules) is as nobody
 * had asked for it, without the spec.
 *
 * By name, it is one of {@link containers}.
 *
 * Errors: `not-found`, when there is no such process or no such name; `state`, when the container of this name doesn't run; `conflict`, when its pid belongs to another process by now; `permission`, when it
 * is another user's; `unsupported`, when it is confined by what can't be copied; `invalid-spec`, when `spec` isn't one.
 *
 * @see pidfd_open(2), setns(2)
 *
 * @example
 * ```ts
 * import { attachTo } from '@haco/core';
 * const pid = 4711;
 * await attachTo({ pid }).andThen((container) => container.exec('cat', '/etc/hostname'));
 * ```
 */
export function attachTo(
  target: AttachTarget | AttachByName,
  options: HacoOptions = nothing,
): ResultAsync<AttachedContainer, HacoError> {
  return new ResultAsync(Promise.resolve(readTarget(target, options))).andThen((given) => {
    const { target: wanted } = given;
    if (!('name' in wanted)) return attach(wanted, given.options);
    return new ResultAsync(
      import('../supervise/registry.js').then(({ findToAttach }) => findToAttach(wanted, given.options)),
    );
  });
}

const byName: Shape = { fields: { name: 'text', stateDir: { optional: 'text' } } };
const byPid: Shape = {
  fields: {
    pid: 'number',
    startTime: { optional: 'number' },
    degrade: { optional: { list: { oneOf: ['seccomp', 'label'] } } },
  },
};

function readTarget(
  target: AttachTarget | AttachByName,
  options: HacoOptions,
): Result<{ readonly target: AttachTarget | AttachByName; readonly options: HacoOptions }, InvalidSpecError> {
  return readArguments({ target, options }, 'what attachTo() was given', (given) => {
    const isByName = typeof given.target === 'object' && (given.target as unknown) !== null && 'name' in given.target;
    return [
      ...misfits(given.target, isByName ? byName : byPid, ''),
      ...misfits(given.options, hacoOptionsShape, 'options'),
    ];
  });
}
