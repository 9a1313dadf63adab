/** What is sent to haco while it has a container goes to the container. */
import type { ProcessHandle } from '@haco/core';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'] as const;
/** Signals by which somebody asks for an end. */
export const ending: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** So often somebody may ask the container to end before it is made to. */
const patience = 3;

/** Takes signals from its making on, so that none that comes during the start is lost. */
export class SignalForwarder {
  #handle: Pick<ProcessHandle, 'kill'> | undefined;
  #waiting: NodeJS.Signals[] = [];
  #asked = 0;
  readonly #stops: readonly (() => void)[];

  constructor() {
    this.#stops = forwarded.map((signal) => {
      const forward = (): void => this.#take(signal);
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
  }

  /** Send to this one from now on, also what has come already. */
  to(handle: Pick<ProcessHandle, 'kill'>): void {
    this.#handle = handle;
    for (const signal of this.#waiting) this.#send(signal);
    this.#waiting = [];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #take(signal: NodeJS.Signals): void {
    if (this.#handle === undefined) this.#waiting.push(signal);
    else this.#send(signal);
  }

  /** The third request to end kills: the first process of a pid namespace ignores what it has no handler for. */
  #send(signal: NodeJS.Signals): void {
    if (ending.includes(signal)) this.#asked += 1;
    // An error only says that it has ended meanwhile.
    void this.#handle?.kill(this.#asked >= patience ? 'SIGKILL' : signal).isOk();
  }
}
