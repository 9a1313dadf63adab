/** The handle of a live process: streams, signals, its end. */
import type { Readable, Writable } from 'node:stream';
import { constants } from 'node:os';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { StateError, type HacoError } from '@haco/plan';
import type { Outcome } from './outcome.js';

/** What a handle is made of; core's own. */
export interface ProcessParts {
  /** What it is called in errors. */
  readonly what: 'container' | 'process';
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly resize: ((columns: number, rows: number) => void) | undefined;
  readonly outcome: Promise<Result<Outcome, HacoError>>;
  readonly kill: (signal: number) => boolean;
}

/**
 * A process that was started in a container by `container.spawn()`. It ends with its command, with the container, when it is
 * killed, when its handle is disposed of, or when Node ends.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * await using container = await orThrow(haco().unshare('pid').command('server').start());
 * await using shell = await orThrow(container.spawn({ command: ['/bin/sh'], tty: true }));
 * shell.stdin?.write('ps\n');
 * ```
 */
export class ProcessHandle implements AsyncDisposable {
  /** Its pid, as this process sees it. */
  readonly pid: number;
  /** Node's end of stdin where that is a pipe or a terminal, else null. */
  readonly stdin: Writable | null;
  /** Node's end of stdout, with back-pressure; a terminal's whole output; null where it leads elsewhere. Read it or dispose of the handle: what was written stays there after the end. */
  readonly stdout: Readable | null;
  /** Node's end of stderr; null with a terminal and where it leads elsewhere. */
  readonly stderr: Readable | null;
  readonly #parts: ProcessParts;
  #over = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.pid = parts.pid;
    this.stdin = parts.stdin;
    this.stdout = parts.stdout;
    this.stderr = parts.stderr;
    void parts.outcome.then(() => {
      this.#over = true;
    });
  }

  /** Whether its end is known. */
  protected get over(): boolean {
    return this.#over;
  }

  /** The error of what is asked of it after its end. */
  protected stopped(what: string): StateError {
    return new StateError({ what, state: `the ${this.#parts.what} is stopped`, remedy: 'start it again first' });
  }

  /**
   * How it ends, after everything of it was undone. `stdout` and `stderr` of the outcome are empty: the streams are the caller's.
   *
   * Errors: `io`, when something of it could not be removed.
   */
  wait(): ResultAsync<Outcome, HacoError> {
    return new ResultAsync(this.#parts.outcome);
  }

  /**
   * Send a signal to it (of a container: to its first process). Mind that pid 1 of a pid namespace ignores signals that it has no
   * handler for, but for SIGKILL and SIGSTOP.
   *
   * Errors: `state`, when it has ended or there is no such signal.
   *
   * @param signal - name or number; SIGTERM without it
   * @see pid_namespaces(7)
   */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): Result<void, HacoError> {
    const number = typeof signal === 'number' ? signal : constants.signals[signal];
    const what = `send ${String(signal)} to the ${this.#parts.what}`;
    if (!isSignal(number)) {
      return err(new StateError({ what, state: 'there is no such signal', remedy: 'use a name of signal(7)' }));
    }
    if (!this.#over && this.#parts.kill(number)) return ok();
    return err(this.stopped(what));
  }

  /**
   * Change the window size of its terminal, in characters.
   *
   * Errors: `state`, when it has none or has ended.
   */
  resize(columns: number, rows: number): Result<void, HacoError> {
    const { resize, what } = this.#parts;
    if (resize === undefined || this.#over) {
      const state = resize === undefined ? `the ${what} has no terminal` : `the ${what} is stopped`;
      const remedy = what === 'container' ? 'start it with tty()' : 'start it with tty: true';
      return err(new StateError({ what: 'change the window size', state, remedy }));
    }
    resize(columns, rows);
    return ok();
  }

  /** Kill it if it still runs, wait until nothing of it is left, and close its streams, read or not. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#parts.kill(constants.signals.SIGKILL);
    void (await this.#parts.outcome);
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }
}

/** Linux has 64 signals; 0 only asks whether the process lives. */
function isSignal(number: unknown): number is number {
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 64;
}
