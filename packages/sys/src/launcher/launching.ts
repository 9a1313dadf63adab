/** A start through a launcher: it makes the container's process, and stays when something must be undone at the end. */
import type { Socket } from 'node:net';
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { afterEnd } from '../exit/after-end.js';
import { addPoller, hold, pollingIsCheap, release, removePoller } from '../exit/watch.js';
import { decodeStatus, reap, waitFor, type ProcessEnd } from '../exit/wait.js';
import { libc } from '../libc.js';
import { serveBarriers } from './channel.js';
import { endedEarly, failureError, launcherError, lostError, refusedClone, stoppedError } from './failure-error.js';
import { giveBackPlanFile } from './fork-server.js';
import { endGuard, watchOver } from './guard.js';
import type { Launch, LaunchEnd, LaunchFailure, LaunchRequest, Running } from './launch-types.js';
import { nowMs } from './monotonic.js';
import { readAlone, readLast, readReport, type Report, type StepFailure } from './report.js';

const SIGKILL = 9;

/** A process that was asked for, and may not be there yet. */
export interface MadeProcess {
  /** Its pid, a negative errno when it could not be made, or 0 before. */
  readonly pid: () => number;
  /** Whether nobody is left who could make it. */
  readonly lost: () => boolean;
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
  108: 'its descriptors could not be put in their places',
};

/** A start by a launcher, which Node has spawned or the fork server has made. */
export class Launching implements Launch {
  readonly untilEnd: boolean;
  readonly started: Promise<Result<Running, LaunchFailure>>;
  readonly ended: Promise<LaunchEnd>;
  private resolveStarted!: (result: Result<Running, LaunchFailure>) => void;
  private resolveEnded!: (end: LaunchEnd) => void;
  private childPid = 0;
  private runningNs = 0;
  private end: ProcessEnd | undefined;
  private launcherEnded = false;
  private killWanted = false;
  private barrierError: HacoError | undefined;
  private readonly channel: Socket | undefined;
  private closed = false;
  private planClosed = false;
  private last: LastReport | undefined;
  private insisting: NodeJS.Timeout | undefined;
  private readonly look = (): void => {
    this.poll();
  };

  constructor(
    private readonly request: LaunchRequest,
    private readonly plan: number,
    private readonly launcher: MadeProcess,
    channel: number | undefined,
  ) {
    this.untilEnd = request.untilEnd === true;
    this.started = new Promise((resolve) => (this.resolveStarted = resolve));
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    if (channel !== undefined) this.channel = serveBarriers(channel, (number) => this.atBarrier(number));
    hold();
    addPoller(this.look);
    if (request.encoded.needsGuard && request.outlives !== true) watchOver(this);
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
    const pid = this.launcher.pid();
    if (pid <= 0) {
      const reason = pid < 0 ? refusedClone(pid) : this.launcher.lost() ? lostError() : undefined;
      if (reason !== undefined) this.neverMade(reason);
      return;
    }
    const gone = reap(pid);
    if (gone === undefined) {
      // Waiting for a command to start, or staying on to clean up afterwards.
      const { report, execNs } = readAlone(this.plan, this.request.encoded);
      if (report.failure === undefined && report.runningNs !== 0 && this.cameToExec(execNs)) this.run(report);
      return;
    }
    this.launcherEnded = true;
    const { report, execNs } = readAlone(this.plan, this.request.encoded);
    if (report.failure !== undefined || report.runningNs === 0 || !this.cameToExec(execNs)) this.fail(report, gone);
    else this.run(report);
  }

  /**
   * To the launcher the end of the process looks like its exec; but what was killed before it hasn't noted that it came so far. For
   * who has killed it, it doesn't matter: it was started, and is ended as it was asked for.
   */
  private cameToExec(execNs: number): boolean {
    return this.killWanted || execNs !== 0;
  }

  /** There was no process at all. */
  private neverMade(error: HacoError): void {
    removePoller(this.look);
    this.close();
    this.resolveStarted(err({ error: this.killWanted ? stoppedError() : error }));
  }

  private fail(report: Report, launcher: ProcessEnd): void {
    removePoller(this.look);
    const settle = (child?: ProcessEnd): void => {
      this.close();
      this.resolveStarted(err(this.failed(report, launcher, child)));
    };
    endGuard(this);
    // The launcher has seen its end already; only a launcher that was killed leaves a process that lives.
    const child = report.childPid === 0 ? undefined : reap(report.childPid);
    if (report.childPid === 0 || child !== undefined) {
      settle(child);
      return;
    }
    libc().kill(report.childPid, SIGKILL);
    afterEnd(report.childPid, () => settle());
  }

  private failed(report: Report, launcher: ProcessEnd, child: ProcessEnd | undefined): LaunchFailure {
    if (this.barrierError !== undefined) return { error: this.barrierError };
    if (this.killWanted) return { error: stoppedError() };
    if (report.failure !== undefined) return { error: failureError(report.failure), failure: report.failure };
    // The launcher itself took it for running, and ended well.
    if (child !== undefined && report.runningNs !== 0) return { error: endedEarly(child) };
    const reason =
      launcher.signal !== null
        ? `it was ended by signal ${String(launcher.signal)}`
        : (refusals[launcher.exitCode ?? 0] ??
          `it ended with code ${String(launcher.exitCode)} before the command ran`);
    return { error: launcherError(reason) };
  }

  private run(report: Report): void {
    removePoller(this.look);
    this.childPid = report.childPid;
    this.runningNs = report.runningNs;
    if (this.killWanted) libc().kill(this.childPid, SIGKILL);
    this.resolveStarted(ok({ pid: report.childPid, startMs: (report.runningNs - report.startedNs) / 1e6 }));
    // Its end, which may have come already, is news for somebody else.
    if (this.request.outlives === true) return;
    // Nobody will write to it any more: a live container need not keep it open. One that is watched until its end has ended, most
    // likely, and the next start of the same plan may have its file.
    if (this.launcherEnded && !this.untilEnd) this.last = this.takeReport();
    afterEnd(this.childPid, (end) => {
      endGuard(this);
      this.end = end;
      if (this.launcherEnded) this.finish();
      else this.afterLauncher();
    });
  }

  /** Go on when the launcher has said that it is done: its own end takes the kernel longer than the removal of a group. */
  private afterLauncher(): void {
    const pid = this.launcher.pid();
    const done = (): void => {
      this.launcherEnded = true;
      this.finish();
    };
    if (!pollingIsCheap()) {
      afterEnd(pid, done);
      return;
    }
    const look = (): void => {
      const gone = reap(pid) !== undefined;
      if (!gone && this.report().state !== 'ended') return;
      removePoller(look);
      done();
      if (!gone) afterEnd(pid, () => undefined);
    };
    addPoller(look);
    look();
  }

  /** Everything that the launcher has written, and the end of the shared memory. */
  private takeReport(): LastReport {
    const { report, outs, steps } = readLast(this.plan, this.request.encoded);
    const undoFailure = report.undoFailure ?? (report.state === 'ended' ? undefined : this.neverUndone());
    const last = {
      ...(report.initStatus === undefined ? {} : decodeStatus(report.initStatus)),
      outs,
      steps,
      ...(undoFailure === undefined ? {} : { undoFailure }),
    };
    this.closePlan();
    return last;
  }

  private finish(): void {
    const end = this.end ?? { exitCode: null, signal: SIGKILL, usage: { userMs: 0, systemMs: 0, maxRssBytes: 0 } };
    const outcome: LaunchEnd = { ...end, ...(this.last ?? this.takeReport()) };
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
    endGuard(this);
    clearInterval(this.insisting);
    this.closePlan();
    this.channel?.destroy();
    release();
  }

  private closePlan(): void {
    if (this.planClosed) return;
    this.planClosed = true;
    // All processes that had it have ended.
    if (this.end !== undefined && this.launcherEnded) giveBackPlanFile(this.request.encoded, this.plan);
    // Not fs.closeSync: in worker threads Node warns of descriptors that it didn't open.
    else libc().close(this.plan);
  }

  pid(): number {
    if (this.childPid !== 0 || this.closed || this.planClosed) return this.childPid;
    return this.report().childPid;
  }

  runningForMs(): number {
    // Nobody was told of the moment.
    if (this.runningNs === 0 && this.untilEnd && !this.planClosed) this.runningNs = this.report().runningNs;
    return this.runningNs === 0 ? 0 : nowMs() - this.runningNs / 1e6;
  }

  leave(): void {
    if (this.closed) return;
    removePoller(this.look);
    const pid = this.launcher.pid();
    // It only waits for the moment when the command runs.
    if (pid > 0 && !this.launcherEnded) {
      libc().kill(pid, SIGKILL);
      waitFor(pid);
    }
    this.close();
  }

  kill(signal: number): boolean {
    if (this.end !== undefined || this.closed) return false;
    if (this.childPid !== 0) return libc().kill(this.childPid, signal) === 0;
    // What fails because of it, in this process or in the launcher, isn't the reason why the start fails.
    if (signal === SIGKILL) this.killWanted = true;
    const pid = this.pid();
    if (pid === 0 && this.killWanted && this.untilEnd) this.insist();
    return pid === 0 || libc().kill(pid, signal) === 0;
  }

  /** Nobody tells when there is a process to kill: look for it. */
  private insist(): void {
    this.insisting ??= setInterval(() => {
      if (this.pid() === 0) return;
      clearInterval(this.insisting);
      this.kill(SIGKILL);
    }, 1);
  }
}
