/** What is sent to haco while it waits for a container goes to the container. */
import type { ProcessHandle } from '@haco/core';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'] as const;
const ending: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** So often somebody may ask the container to end before it is made to. */
const patience = 3;

/**
 * Forward signals until the returned function is called. The third request to end kills it: the first process of a pid namespace
 * ignores what it has no handler for.
 */
export function forwardSignals(handle: Pick<ProcessHandle, 'kill'>): () => void {
  let asked = 0;
  const stops = forwarded.map((signal) => {
    const forward = (): void => {
      if (ending.includes(signal)) asked += 1;
      // An error only says that it has ended meanwhile.
      void handle.kill(asked >= patience ? 'SIGKILL' : signal).isOk();
    };
    process.on(signal, forward);
    return () => process.off(signal, forward);
  });
  return () => stops.forEach((stop) => stop());
}
