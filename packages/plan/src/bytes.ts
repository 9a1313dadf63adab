/** Sizes as people write them, in bytes. */
import { err, ok, type Result } from 'neverthrow';
import { show } from './message.js';

const factors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
};

/** A size: a number of bytes, or text such as `'256MiB'`, `'1.5g'`, `'64kB'`. `k m g t` and `KiB MiB …` are powers of 1024, `kB MB …` of 1000. */
export type Size = number | string;

/**
 * Bytes of a {@link Size}, rounded to a whole number. The error is a sentence without a full stop.
 *
 * @example
 * ```ts
 * import { parseBytes } from '@haco/plan';
 * parseBytes('256MiB'); // ok(268435456)
 * ```
 */
export function parseBytes(size: Size): Result<number, string> {
  if (typeof size === 'number') {
    if (Number.isSafeInteger(size) && size >= 0) return ok(size);
    return err(`${String(size)} is not a whole, non-negative number of bytes`);
  }
  // Callers in plain JavaScript give anything.
  if (typeof size !== 'string') return err(`${show(size)} is not a size; write a number of bytes or e.g. "256MiB"`);
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(size);
  const factor = match === null ? undefined : factors[(match[2] ?? '').toLowerCase()];
  if (match === null || factor === undefined) {
    return err(`${JSON.stringify(size)} is not a size; write a number of bytes or e.g. "256MiB", "1.5GiB", "64kB"`);
  }
  const bytes = Math.round(Number(match[1]) * factor);
  if (!Number.isSafeInteger(bytes)) return err(`${JSON.stringify(size)} is more than this machine can address`);
  return ok(bytes);
}

/** Bytes for people, e.g. `256 MiB`; exact when it is a multiple, else with one decimal. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? String(value) : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}
