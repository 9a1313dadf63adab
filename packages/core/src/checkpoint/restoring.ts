/** The start of a restored container, and its end: what the launcher tells of others, told of a process that CRIU has made. */
import { err, ok, type Result } from 'neverthrow';
import { StateError, type HacoError } from '@haco/plan';
import {
  afterEnd,
  libc,
  type Launch,
  type LaunchEnd,
  type LaunchFailure,
  type ProcessEnd,
  type Running,
} from '@haco/sys';

const SIGKILL = 9;

/** Ends what restores, when nobody wants it any more. */
export interface Abandon {
  /** From now on it is ended by this; at once, when that was wanted before. */
  readonly by: (end: () => void) => void;
  /** The restore has failed, and this child of Node's is left of it. */
  readonly of: (pid: number | undefined) => void;
}

/** Restores beside the process that keeps the place; gives the pid of the first restored process, a child of this one. */
export type Restore = (keeper: number, abandon: Abandon) => Promise<Result<number, HacoError>>;

/** A launch whose container is the restored processes. */
export class Restoring implements Launch {
  readonly untilEnd = false;
  readonly started: Promise<Result<Running, LaunchFailure>>;
  readonly ended: Promise<LaunchEnd>;
  private resolveEnded!: (end: LaunchEnd) => void;
  private first = 0;
  private beganMs = 0;
  private end: ProcessEnd | undefined;
  private killWanted = false;
  private endRestore: () => void = () => undefined;

  constructor(
    private readonly keeper: Launch,
    restore: Restore,
    /** The restore is over, whatever came of it. */
    over: () => void,
  ) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.started = this.begin(restore).finally(over);
  }

  private async begin(restore: Restore): Promise<Result<Running, LaunchFailure>> {
    const kept = await this.keeper.started;
    if (kept.isErr()) return err(kept.error);
    const began = performance.now();
    let left: number | undefined;
    const abandon: Abandon = {
      by: (end) => {
        this.endRestore = end;
        if (this.killWanted) end();
      },
      of: (pid) => (left = pid),
    };
    const restored = await restore(kept.value.pid, abandon);
    if (restored.isErr()) {
      // With it goes its group, and with that whatever was restored so far.
      this.keeper.kill(SIGKILL);
      await this.keeper.ended;
      if (left !== undefined) await endOf(left);
      return err({ error: this.killWanted ? given() : restored.error });
    }
    this.first = restored.value;
    this.beganMs = performance.now();
    if (this.killWanted) libc().kill(this.first, SIGKILL);
    afterEnd(this.first, (end) => {
      this.end = end;
      this.keeper.kill(SIGKILL);
    });
    void this.keeper.ended.then((last) => this.finish(last));
    return ok({ pid: this.first, startMs: kept.value.startMs + performance.now() - began });
  }

  /** The place is gone, and everything of it undone. */
  private finish(last: LaunchEnd): void {
    if (this.end !== undefined) {
      this.resolveEnded({ ...last, ...this.end });
      return;
    }
    // Somebody has ended what kept the place; without a group, the processes are still there.
    libc().kill(this.first, SIGKILL);
    afterEnd(this.first, (end) => {
      this.end = end;
      this.resolveEnded({ ...last, ...end });
    });
  }

  pid(): number {
    return this.first;
  }

  runningForMs(): number {
    return this.beganMs === 0 ? 0 : performance.now() - this.beganMs;
  }

  leave(): void {
    this.keeper.leave();
  }

  kill(signal: number): boolean {
    if (this.end !== undefined) return false;
    if (this.first !== 0) return libc().kill(this.first, signal) === 0;
    if (signal !== SIGKILL) return true;
    this.killWanted = true;
    this.endRestore();
    return true;
  }
}

/** Ended, and reaped. */
function endOf(pid: number): Promise<unknown> {
  libc().kill(pid, SIGKILL);
  return new Promise((resolve) => afterEnd(pid, resolve));
}

function given(): StateError {
  return new StateError({
    what: 'restore the container',
    state: 'it was killed before it was restored',
    remedy: 'restore it again',
  });
}
