/** Checks of JSON from outside: readers that name the place and the problem, combined into the shape of a section. */
import { err, ok, type Result } from 'neverthrow';
import { issue, type Issue } from './issue.js';
import { quote } from './message.js';
import { ownOnly, plain } from './plain.js';

/** Reads one value at a path. What is wrong is added to `issues`; then the returned value means nothing. */
export type Reader<T> = (json: unknown, path: string, issues: Issue[]) => T;

/** The type that a {@link Reader} reads. */
export type ReadBy<R> = R extends Reader<infer T> ? T : never;

interface OptionalReader<T> {
  readonly optional: Reader<T>;
}

type Fields = Readonly<Record<string, Reader<unknown> | OptionalReader<unknown>>>;

type ReadFields<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Reader<unknown> ? K : never]: ReadBy<F[K]>;
} & {
  readonly [K in keyof F as F[K] extends Reader<unknown> ? never : K]?: F[K] extends OptionalReader<infer T>
    ? T
    : never;
};

function primitive<T>(what: string, is: (json: unknown) => json is T): Reader<T> {
  return (json, path, issues) => {
    if (!is(json)) issues.push(issue(path, `must be ${what}`));
    return json as T;
  };
}

/** A string. */
export const readText: Reader<string> = primitive('a string', (json) => typeof json === 'string');

/** A safe integer. */
export const readInteger: Reader<number> = primitive('a whole number', (json): json is number =>
  Number.isSafeInteger(json),
);

/** A finite number. */
export const readNumber: Reader<number> = primitive('a number', (json): json is number => Number.isFinite(json));

/** `true` or `false`. */
export const readBoolean: Reader<boolean> = primitive('true or false', (json) => typeof json === 'boolean');

/** One of the given words. */
export function readOneOf<const T extends string>(words: readonly T[]): Reader<T> {
  return primitive(`one of ${words.map(quote).join(', ')}`, (json): json is T => words.includes(json as T));
}

/** A list. */
export function readList<T>(item: Reader<T>): Reader<readonly T[]> {
  return (json, path, issues) => {
    if (Array.isArray(json)) return json.map((each, index) => item(each, `${path}[${String(index)}]`, issues));
    issues.push(issue(path, 'must be a list'));
    return [];
  };
}

/** Mark a field of {@link readObject} that may be missing. */
export function optional<T>(reader: Reader<T>): OptionalReader<T> {
  return { optional: reader };
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** What is said of a field that a reader of an object doesn't have. */
export const unknownField = 'is not known here';

/** An object with exactly these fields. */
export function readObject<const F extends Fields>(fields: F): Reader<ReadFields<F>> {
  return (json, path, issues) => {
    const result: Record<string, unknown> = {};
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    if (!isRecord(json)) {
      issues.push(issue(path, 'must be an object'));
      return result as ReadFields<F>;
    }
    for (const key of Object.keys(json)) {
      if (!Object.hasOwn(fields, key)) issues.push(issue(at(key), unknownField));
    }
    for (const [key, field] of Object.entries(fields)) {
      const given = Object.hasOwn(json, key) ? json[key] : undefined;
      if (typeof field === 'function') result[key] = field(given, at(key), issues);
      else if (given !== undefined) result[key] = field.optional(given, at(key), issues);
    }
    return ownOnly(result) as ReadFields<F>;
  };
}

/** An object whose field `tag` says which of the readers applies. */
export function readTagged<const Tag extends string, const R extends Readonly<Record<string, Reader<unknown>>>>(
  tag: Tag,
  readers: R,
): Reader<ReadBy<R[keyof R]>> {
  const word = readOneOf(Object.keys(readers));
  return (json, path, issues) => {
    const name = isRecord(json) && Object.hasOwn(json, tag) ? json[tag] : undefined;
    const reader = typeof name === 'string' && Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (reader !== undefined) return reader(json, path, issues) as ReadBy<R[keyof R]>;
    if (isRecord(json)) word(name, path === '' ? tag : `${path}.${tag}`, issues);
    else issues.push(issue(path, 'must be an object'));
    return undefined as ReadBy<R[keyof R]>;
  };
}

/** Either of two readers: the first applies when `isFirst` says so. */
export function readEither<A, B>(
  isFirst: (json: unknown) => boolean,
  first: Reader<A>,
  second: Reader<B>,
): Reader<A | B> {
  return (json, path, issues) => (isFirst(json) ? first(json, path, issues) : second(json, path, issues));
}

/**
 * Read a whole value; the error holds every problem.
 *
 * @example
 * ```ts
 * import { optional, readJson, readObject, readText } from '@haco/plan';
 * readJson(readObject({ name: readText, note: optional(readText) }), { name: 'x' }); // ok({ name: 'x' })
 * ```
 */
export function readJson<T>(reader: Reader<T>, json: unknown): Result<T, readonly Issue[]> {
  const issues: Issue[] = [];
  const value = reader(json, '', issues);
  return issues.length === 0 ? ok(plain(value)) : err(issues);
}
