/** What a series of starts finds ready: a launcher performs steps once, and undoes them when the series ends or Node does. */
import type { Step } from '@haco/plan';
import { afterEnd } from '../exit/after-end.js';
import { libc } from '../libc.js';
import { startBystander } from './bystander.js';
import { isSeries, whenSeriesEnds } from './fork-server.js';

/** By key: the socket to the process that keeps it, or that it couldn't be had in this series. */
const kept = new Map<string, number | 'starting' | 'refused'>();

function endKept(): void {
  for (const channel of kept.values()) if (typeof channel === 'number') libc().close(channel);
  kept.clear();
}

function begin(steps: readonly Step[], arch: 'x64' | 'arm64'): number | 'refused' {
  return startBystander(steps, 'the next start finds ready what this one has made', { arch }).match(
    ({ pid, channel }) => {
      afterEnd(pid, () => undefined);
      return channel;
    },
    () => 'refused',
  );
}

/**
 * While starts follow each other closely, keep the effect of these steps: of phase `prepare`, and `undo` for the end. It is an economy
 * and no more: what can't be had is done without, and each start's own plan is complete.
 *
 * @param key - what it is, told apart from others of this series
 * @param steps - made only when it isn't kept already
 */
export function keepInSeries(key: string, steps: () => readonly Step[], arch: 'x64' | 'arm64'): void {
  if (!isSeries() || kept.has(key)) return;
  kept.set(key, 'starting');
  whenSeriesEnds(endKept);
  // After the start that is on its way, and in another turn of the event loop than the fork server's.
  setImmediate(() =>
    setImmediate(() => {
      if (kept.get(key) === 'starting') kept.set(key, begin(steps(), arch));
    }),
  );
}
