/** Options as a caller in plain JavaScript may give them: read once, and every problem told with its path. */
import { InvalidSpecError, issue, parseDuration, quote, readPlain, show, type HacoError, type Issue } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';

/** What is wrong with a value, as a clause without a full stop; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined;

/** A check for every option that there is: one that is added to the type must be added here. */
export type Checks<T> = { readonly [K in keyof Required<T>]: Check };

/** Checked by who reads it. */
export const elsewhere: Check = () => undefined;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `true` or `false`. */
export const isBoolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

/** A text. */
export const isText: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');

/** Something that can be called. */
export const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'must be a function');

/** An object literal. */
export const isRecord: Check = (value) => (isObject(value) ? undefined : 'must be an object');

/** A duration, see `parseDuration`. */
export const isDuration: Check = (value) =>
  parseDuration(value as number).match(
    () => undefined,
    (problem) => problem,
  );

/** Also what no process has: the kernel takes 0, in `cgroup.procs` and in `tasks`, as the number of who writes. */
export const isPid: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0
    ? undefined
    : `${show(value)} is not the number of a process; give a whole number above 0, for this process itself process.pid`;

/** The kernel keeps its highest number for "leave it as it is". */
const maxId = 0xffff_fffe;

/** The number of a user or of a group of users. */
export const isId: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maxId
    ? undefined
    : `${show(value)} is not the number of a user or group; give a whole number from 0 to ${String(maxId)}`;

/** One of these words. */
export function isOneOf(words: readonly string[]): Check {
  return (value) =>
    typeof value === 'string' && words.includes(value)
      ? undefined
      : `${show(value)} is none of ${words.map((word) => quote(word)).join(', ')}`;
}

/** A list of such words, `what` in one word; unknown ones are named. */
export function isListOf(what: string, words: readonly string[]): Check {
  return (value) => {
    if (!Array.isArray(value)) return `must be a list of ${what}s`;
    const unknown = value.filter((one) => !words.includes(one as string)).map(show);
    if (unknown.length === 0) return undefined;
    const verb = unknown.length === 1 ? `is no ${what}` : `are no ${what}s`;
    return `${unknown.join(', ')} ${verb}; the ${what}s are ${words.join(', ')}`;
  };
}

/** The error of one value. */
export function invalid(path: string, message: string): HacoError {
  return new InvalidSpecError({ issues: [issue(path, message)] });
}

/** A single argument, checked. */
export function checked<T>(path: string, value: T, check: Check): Result<T, HacoError> {
  const problem = check(value);
  return problem === undefined ? ok(value) : err(invalid(path, problem));
}

/** All problems of options; names that nobody knows are told with those that there are. */
function problemsOf(
  given: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): readonly Issue[] {
  return Object.entries(given).flatMap(([key, value]) => {
    // As if it weren't there.
    if (value === undefined) return [];
    if (!Object.hasOwn(checks, key)) {
      return [issue(key, `is not known here; there are ${Object.keys(checks).join(', ')}`)];
    }
    const problem = checks[key]?.(value);
    return problem === undefined ? [] : [issue(key, problem)];
  });
}

/**
 * A copy of options that are in order, in which nothing is inherited. What callers give is checked at run time too: a typo would
 * otherwise be a limit that nobody set.
 *
 * @param path - what the options as a whole are called in messages
 */
export function readOptions<T extends object>(
  options: T,
  checks: Checks<T> | Readonly<Record<string, Check>>,
  path = 'options',
): Result<T, HacoError> {
  const read = readPlain<unknown>(options);
  if (read.isErr()) return err(invalid(path, read.error));
  if (!isObject(read.value)) return err(invalid(path, `${show(options)} is not an object`));
  const issues = problemsOf(read.value, checks as Readonly<Record<string, Check>>);
  return issues.length === 0 ? ok(read.value as T) : err(new InvalidSpecError({ issues }));
}
