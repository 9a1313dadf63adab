/** Arguments of public functions as plain JavaScript may give them, where no compiler has refused what makes no sense. */
import { err, ok, type Result } from 'neverthrow';
import { InvalidSpecError } from './errors.js';
import { type Issue, issue } from './issue.js';
import { show } from './message.js';
import { readPlain } from './plain.js';

/** What a value must be. In `fields`, those that aren't named are nobody's business; `optional` ones may be missing or undefined. */
export type Shape =
  | 'anything'
  | 'text'
  | 'number'
  | 'flag'
  | 'function'
  | { readonly list: Shape }
  | { readonly record: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> }
  | { readonly optional: Shape }
  | { readonly oneOf: readonly string[] };

const simple = {
  text: ['string', 'a text'],
  number: ['number', 'a number'],
  flag: ['boolean', 'true or false'],
  function: ['function', 'a function'],
} as const;

/**
 * Every place where a value isn't what it must be. The value is one that {@link readPlain} has read.
 *
 * @param path - of the value itself; empty for what has no name
 *
 * @example
 * ```ts
 * import { misfits } from '@haco/plan';
 * misfits({ a: ['x', 1] }, { fields: { a: { list: 'text' } } }, 'options'); // options.a[1]: must be a text, not 1
 * ```
 */
export function misfits(value: unknown, shape: Shape, path: string): readonly Issue[] {
  if (shape === 'anything') return [];
  const wrong = (wanted: string): readonly Issue[] => [issue(path, `must be ${wanted}, not ${show(value)}`)];
  if (typeof shape === 'string') {
    const [type, wanted] = simple[shape];
    return typeof value === type ? [] : wrong(wanted);
  }
  if ('optional' in shape) return value === undefined ? [] : misfits(value, shape.optional, path);
  if ('oneOf' in shape) {
    return shape.oneOf.some((one) => one === value) ? [] : wrong(`one of ${shape.oneOf.map(show).join(', ')}`);
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) return wrong('a list');
    return value.flatMap((item, index) => misfits(item, shape.list, `${path}[${String(index)}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const record = value as Readonly<Record<string, unknown>>;
  if ('record' in shape) {
    return Object.keys(record).flatMap((key) => misfits(record[key], shape.record, below(key)));
  }
  return Object.entries(shape.fields).flatMap(([key, field]) =>
    misfits(Object.hasOwn(record, key) ? record[key] : undefined, field, below(key)),
  );
}

/**
 * What a public function was given, as {@link plain} copies it. Errors: `invalid-spec`, with every problem at once.
 *
 * @param what - begins the sentence about what can't be read at all, e.g. `the options`
 * @param issuesOf - what is wrong with the copy, mostly by {@link misfits}
 *
 * @example
 * ```ts
 * import { misfits, readArguments } from '@haco/plan';
 * const read = (options: { name?: string }) =>
 *   readArguments(options, 'the options', (given) => misfits(given, { fields: { name: { optional: 'text' } } }, 'options'));
 * ```
 */
export function readArguments<T>(
  given: T,
  what: string,
  issuesOf: (given: T) => readonly Issue[],
): Result<T, InvalidSpecError> {
  return readPlain(given)
    .mapErr((message): readonly Issue[] => [issue('', `${what} ${message}`)])
    .andThen((read) => {
      const issues = issuesOf(read);
      return issues.length > 0 ? err(issues) : ok(read);
    })
    .mapErr((issues) => new InvalidSpecError({ issues }));
}
