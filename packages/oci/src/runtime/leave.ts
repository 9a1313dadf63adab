/** Letting go of a container that goes on without this process. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Launch } from '@haco/sys';

/** The answer to its last barrier is on its way when this has returned. */
export async function leave(launched: Launch): Promise<void> {
  // The answer is written when the promise of the barrier has been looked at, which is before the next turn of the event loop.
  await turn();
  await turn();
  launched.leave();
}
