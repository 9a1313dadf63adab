/** One start: from encoded plan to running container to its end. */
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { err, ok, type Result } from 'neverthrow';
import {
  renderOperation,
  StateError,
  SyscallError,
  type BarrierOperation,
  type HacoError,
  type Operation,
} from '@haco/plan';
import type { EncodedPlan } from '../codec/encode.js';
import { errnoName } from '../errno.js';
import { addPoller, arm, hold, pollingIsCheap, release, removePoller, watchPid } from '../exit/watch.js';
import { decodeStatus, reap, type ProcessEnd } from '../exit/wait.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';
import { serveBarriers, socketPair } from './channel.js';
import { readOuts, readReport, readStepTimes, type Report, type StepFailure, type StepTime } from './report.js';
import { spawnLauncher } from './spawn.js';

const MFD_CLOEXEC = 1;
const SIGKILL = 9;

/** What {@link launch} needs. */
export interface LaunchRequest {
  readonly encoded: EncodedPlan;
  /** Descriptors that become 0, 1 and 2; they stay the caller's, who closes them after the call. */
  readonly stdio: readonly [number, number, number];
  /** Descriptors by the names that the plan uses, in the order that it was encoded with. */
  readonly passed?: readonly number[];
  /** Called when the launcher waits; the start goes on when the promise gives ok. */
  readonly onBarrier?: (barrier: BarrierOperation, childPid: number) => Promise<Result<void, HacoError>>;
}

/** A container whose command runs. */
export interface Running {
  /** Pid of the container's first process, as Node sees it. */
  readonly pid: number;
  /** From the launcher's first moment to the exec, in milliseconds. */
  readonly startMs: number;
}

/** A start that failed: which step, and the error without any knowledge of the part that made the step. */
export interface LaunchFailure {
  readonly error: HacoError;
  readonly failure?: StepFailure;
}

/** The end of a container, after everything of it was undone. */
export interface LaunchEnd extends ProcessEnd {
  /** Bytes of the out buffers that the plan filled, by name. */
  readonly outs: ReadonlyMap<string, Buffer>;
  readonly steps: readonly StepTime[];
  /** The first thing that could not be undone. */
  readonly undoFailure?: StepFailure;
}

/** A start that is under way. */
export interface Launch {
  readonly started: Promise<Result<Running, LaunchFailure>>;
  /** Never settles when the start failed. */
  readonly ended: Promise<LaunchEnd>;
  /** Send a signal to the container's first process; before that exists, SIGKILL is remembered. False: it has ended. */
  readonly kill: (signal: number) => boolean;
}

/** The call alone, without what the plan does with its result. */
function callOf(operation: Operation): string {
  return renderOperation(
    operation.op === 'syscall' ? { op: 'syscall', name: operation.name, args: operation.args } : operation,
  );
}

/** The error of a failed operation, in the words of the step. */
export function failureError({ step, operation, errno }: StepFailure): SyscallError {
  const syscall =
    operation.op === 'syscall'
      ? operation.name
      : operation.op === 'clone'
        ? 'clone3'
        : operation.op === 'init'
          ? 'clone'
          : operation.op;
  return new SyscallError({
    step: step.label,
    stepId: step.id,
    from: step.from,
    call: callOf(operation),
    syscall,
    errno,
    hint: hintFor(syscall, errno, step.id),
  });
}

/** What is known when the launcher has ended. */
type LastReport = Omit<LaunchEnd, keyof ProcessEnd> & Partial<ProcessEnd>;

/** Exit codes of the launcher before it could read the plan; see native/haco-init.c. */
const refusals: Readonly<Record<number, string>> = {
  100: 'it could not block signals',
  101: 'its file is set-uid or has capabilities, and haco never runs so; remove them (HACO_INIT)',
  102: 'the plan has an impossible size',
  103: 'the plan could not be mapped',
  104: 'the plan is malformed',
  105: 'close_range failed, which needs kernel 5.11',
  106: 'it was not started by the process that wrote the plan',
};

class Launching implements Launch {
  readonly started: Promise<Result<Running, LaunchFailure>>;
  readonly ended: Promise<LaunchEnd>;
  private resolveStarted!: (result: Result<Running, LaunchFailure>) => void;
  private resolveEnded!: (end: LaunchEnd) => void;
  private childPid = 0;
  private end: ProcessEnd | undefined;
  private launcherEnded = false;
  private killWanted = false;
  private barrierError: HacoError | undefined;
  private readonly channel: Socket | undefined;
  private closed = false;
  private planClosed = false;
  private last: LastReport | undefined;
  private readonly look = (): void => {
    this.poll();
  };

  constructor(
    private readonly request: LaunchRequest,
    private readonly plan: number,
    private readonly launcherPid: number,
    channel: number | undefined,
  ) {
    this.started = new Promise((resolve) => (this.resolveStarted = resolve));
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    if (channel !== undefined) this.channel = serveBarriers(channel, (number) => this.atBarrier(number));
    hold();
    addPoller(this.look);
  }

  private async atBarrier(number: number): Promise<boolean> {
    const barrier = this.request.encoded.barriers[number];
    if (barrier === undefined || this.request.onBarrier === undefined) return false;
    const result = await this.request.onBarrier(barrier, this.report().childPid);
    if (result.isErr()) this.barrierError ??= result.error;
    return result.isOk() && !this.killWanted;
  }

  private report(): Report {
    return readReport(this.plan, this.request.encoded);
  }

  /** Before the command runs: has the launcher ended, or said that it does? */
  private poll(): void {
    const gone = reap(this.launcherPid);
    if (gone === undefined) {
      // Waiting for a command to start, or staying on to clean up afterwards.
      const report = this.report();
      if (report.state === 'running') this.run(report);
      return;
    }
    this.launcherEnded = true;
    const report = this.report();
    if (report.failure !== undefined || report.runningNs === 0) this.fail(report, gone);
    else this.run(report);
  }

  private fail(report: Report, launcher: ProcessEnd): void {
    removePoller(this.look);
    const settle = (): void => {
      this.close();
      this.resolveStarted(err(this.failed(report, launcher)));
    };
    // The launcher has seen its end already; only a launcher that was killed leaves a process that lives.
    if (report.childPid === 0 || reap(report.childPid) !== undefined) {
      settle();
      return;
    }
    libc().kill(report.childPid, SIGKILL);
    this.afterEnd(report.childPid, settle);
  }

  private failed(report: Report, launcher: ProcessEnd): LaunchFailure {
    if (this.barrierError !== undefined) return { error: this.barrierError };
    if (this.killWanted) {
      return {
        error: new StateError({ what: 'start the container', state: 'being stopped', remedy: 'start it again' }),
      };
    }
    if (report.failure !== undefined) return { error: failureError(report.failure), failure: report.failure };
    const reason =
      launcher.signal !== null
        ? `it was ended by signal ${String(launcher.signal)}`
        : (refusals[launcher.exitCode ?? 0] ??
          `it ended with code ${String(launcher.exitCode)} before the command ran`);
    return {
      error: new SyscallError({
        step: 'start the launcher',
        call: 'haco-init',
        syscall: 'posix_spawn',
        errno: 'ECANCELED',
        hint: reason,
      }),
    };
  }

  private run(report: Report): void {
    removePoller(this.look);
    this.childPid = report.childPid;
    if (this.killWanted) libc().kill(this.childPid, SIGKILL);
    this.resolveStarted(ok({ pid: report.childPid, startMs: (report.runningNs - report.startedNs) / 1e6 }));
    // Nobody will write to it any more: a live container need not keep it open.
    if (this.launcherEnded) this.last = this.takeReport(report);
    this.afterEnd(this.childPid, (end) => {
      this.end = end;
      if (this.launcherEnded) this.finish();
      else this.afterEnd(this.launcherPid, () => this.finish());
    });
  }

  private afterEnd(pid: number, then: (end: ProcessEnd) => void): void {
    const end = reap(pid);
    if (end !== undefined) {
      then(end);
      return;
    }
    const again = (): void => this.afterEnd(pid, then);
    // A few containers are asked for on every SIGCHLD, which costs less than a pidfd for each; so are those for which no
    // descriptor is left (EMFILE).
    if (!pollingIsCheap() && watchPid(pid, again)) return;
    const poller = (): void => {
      const late = reap(pid);
      if (late === undefined) return;
      removePoller(poller);
      then(late);
    };
    addPoller(poller);
  }

  /** Everything that the launcher has written, and the end of the shared memory. */
  private takeReport(report: Report): LastReport {
    const { encoded } = this.request;
    const undoFailure = report.undoFailure ?? (report.state === 'ended' ? undefined : this.neverUndone());
    const last = {
      ...(report.initStatus === undefined ? {} : decodeStatus(report.initStatus)),
      outs: readOuts(this.plan, encoded),
      steps: readStepTimes(this.plan, encoded, report.startedNs),
      ...(undoFailure === undefined ? {} : { undoFailure }),
    };
    this.closePlan();
    return last;
  }

  private finish(): void {
    const end = this.end ?? { exitCode: null, signal: SIGKILL, usage: { userMs: 0, systemMs: 0, maxRssBytes: 0 } };
    const outcome: LaunchEnd = { ...end, ...(this.last ?? this.takeReport(this.report())) };
    this.close();
    this.resolveEnded(outcome);
  }

  /** Somebody killed the launcher: nothing tells how far it came, so it is the first step that counts as left undone. */
  private neverUndone(): StepFailure | undefined {
    const origin = this.request.encoded.origins.find(({ step }) => step.phase === 'undo');
    return origin === undefined ? undefined : { ...origin, errno: 'ECANCELED' };
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.closePlan();
    this.channel?.destroy();
    release();
  }

  private closePlan(): void {
    if (this.planClosed) return;
    this.planClosed = true;
    // Not fs.closeSync: in worker threads Node warns of descriptors that it didn't open.
    libc().close(this.plan);
  }

  kill(signal: number): boolean {
    if (this.end !== undefined || this.closed) return false;
    if (this.childPid !== 0) return libc().kill(this.childPid, signal) === 0;
    // What fails because of it, in this process or in the launcher, isn't the reason why the start fails.
    if (signal === SIGKILL) this.killWanted = true;
    const pid = this.report().childPid;
    return pid === 0 || libc().kill(pid, signal) === 0;
  }
}

/** A plan as a memory file. */
function writePlan(bytes: Buffer): Result<number, HacoError> {
  const c = libc();
  const failed = (call: string, syscall: string, errno: string): Result<never, HacoError> =>
    err(
      new SyscallError({ step: 'hand the plan to the launcher', call, syscall, errno, hint: hintFor(syscall, errno) }),
    );
  const plan = c.memfd_create('haco-plan', MFD_CLOEXEC);
  if (plan < 0) return failed('memfd_create("haco-plan", MFD_CLOEXEC)', 'memfd_create', errnoName(c.errno()));
  try {
    // Short only when memory or RLIMIT_FSIZE end here; the launcher would refuse such a plan as malformed.
    if (writeSync(plan, bytes) === bytes.length) return ok(plan);
    libc().close(plan);
    return failed(`write(<plan>, ${String(bytes.length)} bytes)`, 'write', 'ENOSPC');
  } catch (error) {
    libc().close(plan);
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    return failed(`write(<plan>, ${String(bytes.length)} bytes)`, 'write', errno);
  }
}

/** Start a launcher with this plan. Errors here are those before it could begin. */
export function launch(request: LaunchRequest): Result<Launch, HacoError> {
  const written = writePlan(request.encoded.bytes);
  if (written.isErr()) return err(written.error);
  const plan = written.value;
  const pair = request.onBarrier === undefined ? undefined : socketPair();
  if (pair?.isErr() === true) {
    libc().close(plan);
    return err(pair.error);
  }
  const [own, theirs] = pair?.isOk() === true ? pair.value : [undefined, undefined];
  arm();
  const spawned = spawnLauncher({ stdio: request.stdio, plan, passed: [theirs, ...(request.passed ?? [])] });
  if (theirs !== undefined) libc().close(theirs);
  if (spawned.isErr()) {
    libc().close(plan);
    if (own !== undefined) libc().close(own);
    return err(spawned.error);
  }
  return ok(new Launching(request, plan, spawned.value, own));
}
