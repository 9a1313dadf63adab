/** Waits until a container is ready: looks again and again, until its end or until the time is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from 'neverthrow';
import { TimeoutError, type HacoError } from '@haco/plan';
import { stopped } from '../exec/pidfd.js';
import { describeCheck, isReady, type Looked } from './checks.js';
import type { ReadinessEntry } from './section.js';

/** Settles when all conditions have held, each at least once. */
export async function untilReady(
  entries: readonly ReadinessEntry[],
  looked: Looked,
  signal: AbortSignal,
): Promise<Result<void, HacoError>> {
  const results = await Promise.all(entries.map((entry) => untilOne(entry, looked, signal)));
  return results.find((result) => result.isErr()) ?? ok();
}

async function untilOne(entry: ReadinessEntry, looked: Looked, signal: AbortSignal): Promise<Result<void, HacoError>> {
  const giveUpMs = performance.now() + entry.timeoutMs;
  const wait = 'wait until the container is ready';
  for (;;) {
    if (signal.aborted) return err(stopped(wait));
    if (await isReady(entry, looked)) return ok();
    const leftMs = giveUpMs - performance.now();
    if (leftMs <= 0) return err(new TimeoutError({ what: describeCheck(entry), timeoutMs: entry.timeoutMs }));
    // The container keeps Node alive, this doesn't.
    await sleep(Math.min(entry.intervalMs, leftMs), undefined, { ref: false, signal }).catch(() => undefined);
  }
}
