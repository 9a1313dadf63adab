/** A start without a launcher: the fork server makes the container's own process, which performs the whole plan. */
import { err, ok, type Result } from 'neverthrow';
import { afterEnd } from '../exit/after-end.js';
import { addPoller, hold, release, removePoller } from '../exit/watch.js';
import type { ProcessEnd } from '../exit/wait.js';
import { errnoName } from '../errno.js';
import { libc } from '../libc.js';
import { endedEarly, failureError, lostError, stoppedError } from './failure-error.js';
import { giveBackPlanFile } from './fork-server.js';
import { endGuard, watchOver } from './guard.js';
import type { Launch, LaunchEnd, LaunchFailure, LaunchRequest, Running } from './launch-types.js';
import type { MadeProcess } from './launching.js';
import { nowMs } from './monotonic.js';
import { readAlone, readExecNs, readOuts, type StepFailure } from './report.js';

const SIGKILL = 9;

/** Nobody tells of the exec: `started` settles together with the end. */
export class LaunchAlone implements Launch {
  readonly untilEnd = true;
  readonly started: Promise<Result<Running, LaunchFailure>>;
  readonly ended: Promise<LaunchEnd>;
  private resolveStarted!: (result: Result<Running, LaunchFailure>) => void;
  private resolveEnded!: (end: LaunchEnd) => void;
  private killWanted = false;
  private over = false;
  private readonly look = (): void => {
    this.poll();
  };

  constructor(
    private readonly request: LaunchRequest,
    private readonly plan: number,
    private readonly process: MadeProcess,
  ) {
    this.started = new Promise((resolve) => (this.resolveStarted = resolve));
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    hold();
    addPoller(this.look);
    if (request.encoded.needsGuard) watchOver(this);
  }

  private poll(): void {
    const pid = this.process.pid();
    if (pid === 0) {
      if (this.process.lost()) this.fail({ error: lostError() });
      return;
    }
    if (pid < 0) {
      this.refused(-pid);
      return;
    }
    if (this.killWanted) libc().kill(pid, SIGKILL);
    removePoller(this.look);
    afterEnd(pid, (end) => this.finish(pid, end));
  }

  /** What would be the plan's first operation was refused to the server. */
  private refused(errno: number): void {
    const [origin] = this.request.encoded.origins;
    if (origin === undefined) return;
    const failure: StepFailure = { ...origin, errno: errnoName(errno) };
    this.fail({ error: failureError(failure), failure });
  }

  private fail(failure: LaunchFailure): void {
    removePoller(this.look);
    this.close();
    this.resolveStarted(err(this.killWanted ? { error: stoppedError() } : failure));
  }

  private finish(pid: number, end: ProcessEnd): void {
    endGuard(this);
    const { encoded } = this.request;
    const { report, execNs, steps } = readAlone(this.plan, encoded);
    if (report.failure !== undefined) {
      this.fail({ error: failureError(report.failure), failure: report.failure });
      return;
    }
    if (execNs === 0) {
      this.fail({ error: endedEarly(end) });
      return;
    }
    const last = { outs: readOuts(this.plan, encoded), steps };
    this.over = true;
    // The command never had it (close-on-exec), and no other process of this start did.
    giveBackPlanFile(encoded, this.plan);
    release();
    this.resolveStarted(ok({ pid, startMs: (execNs - report.startedNs) / 1e6 }));
    this.resolveEnded({ ...end, ...last });
  }

  private close(): void {
    if (this.over) return;
    endGuard(this);
    this.over = true;
    libc().close(this.plan);
    release();
  }

  pid(): number {
    return this.over ? 0 : Math.max(0, this.process.pid());
  }

  runningForMs(): number {
    if (this.over) return 0;
    const execNs = readExecNs(this.plan, this.request.encoded);
    return execNs === 0 ? 0 : nowMs() - execNs / 1e6;
  }

  leave(): void {
    if (this.over) return;
    removePoller(this.look);
    this.close();
  }

  kill(signal: number): boolean {
    if (this.over) return false;
    // What fails because of it isn't the reason why the start fails.
    if (signal === SIGKILL && this.runningForMs() === 0) this.killWanted = true;
    const pid = this.process.pid();
    return pid <= 0 || libc().kill(pid, signal) === 0;
  }
}
