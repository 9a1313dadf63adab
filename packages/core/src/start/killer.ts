/** Who may end a container before its command does, and why it was. */
import type { HacoError } from '@haco/plan';
import type { Launch } from '@haco/sys';
import type { KillReason } from '../outcome.js';
import type { Spec } from '../spec.js';
import { takeTerminalBack } from '../streams/foreground.js';

const SIGKILL = 9;

/** Kill on timeout and abort; remembers the first reason. Afterwards everything is the caller's again. */
export class Killer {
  reason: KillReason | undefined;
  /** A stream of the caller failed: the answer, whatever the container did. */
  error: HacoError | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly abort = (): void => this.kill('aborted');

  constructor(
    private readonly launch: Launch,
    private readonly spec: Spec,
  ) {
    const signal = spec.control.abort?.value;
    signal?.addEventListener('abort', this.abort, { once: true });
    // It may have been aborted since the start was allowed: that event is over.
    if (signal?.aborted === true) this.abort();
  }

  kill(reason: KillReason): void {
    this.reason ??= reason;
    this.launch.kill(SIGKILL);
  }

  readonly fail = (error: HacoError): void => {
    this.error ??= error;
    this.launch.kill(SIGKILL);
  };

  /** The clock of `timeout()` starts with the command. */
  running(): void {
    const { timeoutMs } = this.spec.control;
    if (timeoutMs !== undefined) this.timer = setTimeout(() => this.kill('timeout'), timeoutMs);
  }

  over(): void {
    clearTimeout(this.timer);
    if (this.spec.process.stdin === 'inherit') takeTerminalBack();
    this.spec.control.abort?.value.removeEventListener('abort', this.abort);
  }
}
