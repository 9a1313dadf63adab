/** Values of limits as people write them. */
import { parseBytes, parseDuration, quote } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { rlimitKinds, type RlimitKind } from './kinds.js';
import type { Rlimit, RlimitValue } from './section.js';

/** A number in the unit of the kind, `'unlimited'`, or text with a unit: a size such as `'64MiB'`, a duration such as `'10s'`. */
export type RlimitInput = number | string;

const parsers = {
  bytes: parseBytes,
  seconds: (text: string) => parseDuration(text).map((ms) => Math.ceil(ms / 1000)),
  microseconds: (text: string) => parseDuration(text).map((ms) => Math.ceil(ms * 1000)),
  number: (text: string): Result<number, string> => err(`${quote(text)} is not a number`),
} as const;

function problem(value: number): string | undefined {
  if (Number.isSafeInteger(value) && value >= 0) return undefined;
  return `${String(value)} is not a whole, non-negative number; for no limit write "unlimited"`;
}

/** Whether one limit is above another one. */
export function isAbove(a: RlimitValue, b: RlimitValue): boolean {
  if (b === 'unlimited') return false;
  return a === 'unlimited' || a > b;
}

/** Why the kernel takes no such limit from anybody; undefined when it does. */
export function limitProblem({ soft, hard }: Rlimit): string | undefined {
  const negative = [soft, hard].find((value) => value !== 'unlimited' && value < 0);
  if (negative !== undefined) return `${String(negative)} is negative; for no limit write "unlimited"`;
  if (!isAbove(soft, hard)) return undefined;
  return `the soft limit ${String(soft)} is above the hard limit ${String(hard)}; raise the hard limit`;
}

/** Understand a value; the error is a sentence without a full stop. */
export function parseRlimitValue(kind: RlimitKind, input: unknown): Result<RlimitValue, string> {
  if (input === 'unlimited' || input === 'infinity') return ok('unlimited');
  if (typeof input === 'string') {
    return /^\s*\d+\s*$/.test(input) ? parseRlimitValue(kind, Number(input)) : parsers[rlimitKinds[kind].unit](input);
  }
  if (typeof input !== 'number') return err('must be a number, "unlimited", or text with a unit');
  const message = problem(input);
  return message === undefined ? ok(input) : err(message);
}
