/** Signals to the runtime in the foreground are meant for the container. */
import { constants } from 'node:os';

const forwarded = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;

/** Hand them on, until the returned function is called. */
export function forwardSignals(send: (signal: number) => boolean): () => void {
  const listeners = forwarded.map((name) => {
    const listener = (): void => void send(constants.signals[name]);
    process.on(name, listener);
    return [name, listener] as const;
  });
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}
