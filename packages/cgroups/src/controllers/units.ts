/** Readers of limits: human units in, base units out, every problem with its path. */
import { issue, parseBytes, parseDuration, quote, type Reader } from '@haco/plan';
import type { Result } from 'neverthrow';

/** A whole number in a range; both ends are allowed. */
export function readWithin(min: number, max: number, unit = ''): Reader<number> {
  return (json, path, issues) => {
    if (typeof json !== 'number' || !Number.isSafeInteger(json)) issues.push(issue(path, 'must be a whole number'));
    else if (json < min || json > max) {
      const range = `${String(min)} and ${String(max)}${unit === '' ? '' : ` ${unit}`}`;
      issues.push(issue(path, `${String(json)} is not between ${range}`));
    }
    return json as number;
  };
}

/** A number in a range, fractions included. */
export function readPercent(min: number, max: number, unit = 'percent'): Reader<number> {
  return (json, path, issues) => {
    if (typeof json !== 'number' || !Number.isFinite(json)) issues.push(issue(path, 'must be a number'));
    else if (json < min || json > max) {
      issues.push(issue(path, `${String(json)} is not between ${String(min)} and ${String(max)} ${unit}`));
    }
    return json as number;
  };
}

function readParsed<T extends number | string>(
  what: string,
  parse: (json: T) => Result<number, string>,
): Reader<number> {
  return (json, path, issues) => {
    if (typeof json !== 'number' && typeof json !== 'string') {
      issues.push(issue(path, `must be ${what}`));
      return 0;
    }
    return parse(json as T).match(
      (value) => value,
      (problem) => {
        issues.push(issue(path, problem));
        return 0;
      },
    );
  };
}

/** A size in bytes, or text such as `'256MiB'`. */
export const readSize: Reader<number> = readParsed('a size, e.g. 4096 or "256MiB"', parseBytes);

/** A duration in milliseconds, or text such as `'500us'`; at least one microsecond, at most 1000 seconds. */
export function readDuration(minMs: number, maxMs = 1_000_000): Reader<number> {
  const read = readParsed('a duration, e.g. 50 (milliseconds) or "50ms"', parseDuration);
  return (json, path, issues) => {
    const before = issues.length;
    const ms = read(json, path, issues);
    if (issues.length === before && (ms < minMs || ms > maxMs)) {
      issues.push(issue(path, `${String(ms)} ms is not between ${String(minMs)} and ${String(maxMs)} ms`));
    }
    return ms;
  };
}

const suffixes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of a value as the kernel reads it; undefined for "no limit" and for what it wouldn't take. */
export function kernelBytes(value: string | undefined): number | undefined {
  const match = /^(\d+)([kmgt]?)$/i.exec(value ?? '');
  return match === null ? undefined : Number(match[1]) * (suffixes[(match[2] ?? '').toLowerCase()] ?? 1);
}

/** Microseconds of milliseconds, as the kernel's files have them. */
export function microseconds(ms: number): string {
  return String(Math.round(ms * 1000));
}

/** An object with values by name: of devices, interfaces, page sizes. */
export function readNamed<T>(name: RegExp, what: string, value: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (json, path, issues) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      issues.push(issue(path, 'must be an object'));
      return {};
    }
    const read = Object.entries(json).map(([key, one]) => {
      const at = `${path}[${JSON.stringify(key)}]`;
      if (!name.test(key)) issues.push(issue(at, `${quote(key)} is not ${what}`));
      return [key, value(one, at, issues)] as const;
    });
    return Object.fromEntries(read);
  };
}

/** Names of things of the kernel that stand at the beginning of a line: no spaces, nothing unprintable. */
export const plainName = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/;
