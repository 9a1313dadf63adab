import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runTimer } from './timer.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

async function calls(schedule: Parameters<typeof runTimer>[0], totalMs: number, takesMs = 0): Promise<number[]> {
  const at: number[] = [];
  const stop = runTimer(schedule, async () => {
    at.push(Math.round(performance.now()));
    if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
  });
  const began = performance.now();
  await vi.advanceTimersByTimeAsync(totalMs);
  stop();
  return at.map((ms) => ms - Math.round(began));
}

it('a timer calls after its time, once', async () => {
  expect(await calls({ afterMs: 30 }, 200)).toEqual([30]);
});

it('a timer calls at its interval, so many times', async () => {
  expect(await calls({ afterMs: 10, everyMs: 50 }, 200)).toEqual([10, 60, 110, 160]);
  expect(await calls({ afterMs: 50, everyMs: 50, times: 2 }, 500)).toEqual([50, 100]);
});

it('a timer waits for a slow call, leaves out the times in between, and keeps its rhythm', async () => {
  expect(await calls({ afterMs: 0, everyMs: 20 }, 100, 30)).toEqual([0, 40, 80]);
});

it('a timer that is stopped in its own call is over', async () => {
  let count = 0;
  runTimer({ afterMs: 5, everyMs: 5 }, (number, stop) => {
    count = number;
    if (number === 3) stop();
    return Promise.resolve();
  });
  await vi.advanceTimersByTimeAsync(200);
  expect(count).toBe(3);
});
