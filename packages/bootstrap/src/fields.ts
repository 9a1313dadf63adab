/** Reads the fields of JSON objects from outside, collecting every problem with its path. */
import { type Issue, issue, quote } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';

type Json = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A reader over one object. Absent optional fields are left out, so that `exactOptionalPropertyTypes` is kept. */
export class Fields {
  readonly issues: Issue[] = [];
  readonly #json: Json;
  readonly #prefix: string;

  /** `known`: all names that may occur; any other is an issue, since it is most likely a typing mistake. */
  constructor(json: Json, known: readonly string[], prefix = '') {
    this.#json = json;
    this.#prefix = prefix;
    for (const name of Object.keys(json)) {
      if (!known.includes(name)) this.#add(name, `is not known here; known are ${known.join(', ')}`);
    }
  }

  required(name: string): string {
    const value = this.#json[name];
    if (typeof value === 'string') return value;
    this.#add(name, 'must be a text');
    return '';
  }

  optional<K extends string>(name: K): { readonly [P in K]?: string } {
    return this.#read(name, (value) => typeof value === 'string', 'must be a text');
  }

  oneOf<K extends string, V extends string>(name: K, values: readonly V[]): { readonly [P in K]?: V } {
    return this.#read(
      name,
      (value): value is V => (values as readonly unknown[]).includes(value),
      `must be one of ${values.join(', ')}`,
    );
  }

  list<K extends string>(name: K): { readonly [P in K]?: readonly string[] } {
    return this.#read(
      name,
      (value): value is readonly string[] => Array.isArray(value) && value.every((item) => typeof item === 'string'),
      'must be a list of texts',
    );
  }

  texts<K extends string>(name: K): { readonly [P in K]?: Readonly<Record<string, string>> } {
    return this.#read(
      name,
      (value): value is Readonly<Record<string, string>> =>
        isObject(value) && Object.values(value).every((item) => typeof item === 'string'),
      'must be an object of texts',
    );
  }

  boolean<K extends string>(name: K): { readonly [P in K]?: boolean } {
    return this.#read(name, (value) => typeof value === 'boolean', 'must be true or false');
  }

  number<K extends string>(name: K): { readonly [P in K]?: number } {
    return this.#read(name, (value) => typeof value === 'number', 'must be a number');
  }

  size<K extends string>(name: K): { readonly [P in K]?: number | string } {
    return this.#read(
      name,
      (value) => typeof value === 'number' || typeof value === 'string',
      'must be a number of bytes or a text such as "4GiB"',
    );
  }

  /** The value, unless something was wrong. */
  finish<T>(value: T): Result<T, readonly Issue[]> {
    return this.issues.length === 0 ? ok(value) : err(this.issues);
  }

  #read<K extends string, V>(
    name: K,
    fits: (value: unknown) => value is V,
    message: string,
  ): { readonly [P in K]?: V } {
    const value = this.#json[name];
    if (value === undefined) return {};
    if (fits(value)) return { [name]: value } as { readonly [P in K]: V };
    this.#add(name, message);
    return {};
  }

  #add(name: string, message: string): void {
    this.issues.push(issue(`${this.#prefix}${name}`, message));
  }
}

/** The problems of a path of the host. */
export function checkPath(path: string, value: string): readonly Issue[] {
  if (typeof (value as unknown) !== 'string') return [issue(path, 'must be a text')];
  if (value === '') return [issue(path, 'must not be empty')];
  if (value.includes('\0')) return [issue(path, `${quote(value)} contains a NUL byte`)];
  return [];
}

/** The problems of a directory that is going to be made: it must have a name of its own, whatever directory we are in. */
export function checkTarget(value: string): readonly Issue[] {
  const issues = checkPath('target', value);
  if (issues.length > 0) return issues;
  if (!value.startsWith('/')) {
    return [issue('target', `${quote(value)} is not an absolute path; give the whole one, e.g. by path.resolve()`)];
  }
  const last = value.split('/').filter(Boolean).at(-1);
  if (last !== undefined && last !== '.' && last !== '..') return [];
  return [issue('target', `${quote(value)} can't be made anew; name a directory of its own, e.g. "/srv/roots/web"`)];
}
