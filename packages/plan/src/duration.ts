/** Durations as people write them, in milliseconds. */
import { err, ok, type Result } from 'neverthrow';
import { show } from './message.js';

const factors: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration: a number of milliseconds, or text such as `'500ms'`, `'10s'`, `'1m30s'`, `'2h'`. */
export type Duration = number | string;

/**
 * Milliseconds of a {@link Duration}. The error is a sentence without a full stop.
 *
 * @example
 * ```ts
 * import { parseDuration } from '@haco/plan';
 * parseDuration('1m30s'); // ok(90000)
 * ```
 */
export function parseDuration(duration: Duration): Result<number, string> {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return ok(duration);
    return err(`${String(duration)} is not a non-negative number of milliseconds`);
  }
  // Callers in plain JavaScript give anything.
  if (typeof duration !== 'string') return err(`${show(duration)} is not a duration; write milliseconds or e.g. "10s"`);
  const text = duration.trim().toLowerCase();
  const pattern = /(\d+(?:\.\d+)?)\s*([a-z\u00b5]+)\s*/gy;
  let total = 0;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const factor = factors[match[2] ?? ''];
    if (factor === undefined) break;
    total += Number(match[1]) * factor;
    end = pattern.lastIndex;
  }
  if (text === '' || end !== text.length || !Number.isFinite(total)) {
    return err(`${JSON.stringify(duration)} is not a duration; write milliseconds or e.g. "500ms", "10s", "1m30s"`);
  }
  return ok(total);
}

/** Milliseconds for people, e.g. `1.5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${String(Math.round(ms * 1000))} µs`;
  if (ms < 1000) return `${String(Math.round(ms * 100) / 100)} ms`;
  return `${String(Math.round(ms / 10) / 100)} s`;
}
