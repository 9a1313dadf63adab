/** One timer: calls at its times, never twice at once, until it is stopped. */

/** When it calls. */
export interface Schedule {
  readonly afterMs: number;
  readonly everyMs?: number;
  readonly times?: number;
}

/** Call `run` with the number of the call. Returns what stops it. It doesn't keep Node alive. */
export function runTimer(
  { afterMs, everyMs, times = everyMs === undefined ? 1 : Number.POSITIVE_INFINITY }: Schedule,
  run: (count: number, stop: () => void) => Promise<void>,
): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
  };
  // Times are counted from the first one, so that slow calls don't shift all later ones.
  const beganMs = performance.now() + afterMs;
  const call = async (count: number): Promise<void> => {
    await run(count, stop);
    if (stopped || count >= times || everyMs === undefined) return;
    const passed = Math.floor((performance.now() - beganMs) / everyMs) + 1;
    arm(count + 1, beganMs + passed * everyMs - performance.now());
  };
  const arm = (count: number, ms: number): void => {
    timer = setTimeout(() => void call(count), Math.max(0, ms)).unref();
  };
  if (times >= 1) arm(1, afterMs);
  return stop;
}
