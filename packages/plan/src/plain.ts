/** Plain values that hold what was given and nothing else: copies that nobody can change, and that inherit no property. */
import { err, ok, type Result } from 'neverthrow';

/**
 * Makes objects that inherit nothing. As `Object.create(null)`, but of a shape that the engine knows: an object without a
 * prototype is a slow dictionary.
 */
const Plain = function () {} as unknown as new () => Record<string, unknown>;
(Plain as unknown as { prototype: object }).prototype = Object.freeze(Object.create(null) as object);
const bare = Object.getPrototypeOf(new Plain()) as object;

/** What stands for options that nobody gave: `(options = nothing) => options.degrade` is undefined, whoever changed `Object.prototype`. */
export const nothing: Readonly<Record<never, never>> = Object.freeze(new Plain());

/** Lists that were copied. Objects need no such list: nobody else can make a frozen one that inherits from {@link bare}. */
const lists = new WeakSet<object>();

/** Whether it is an object literal, or one that {@link plain} has made: not an instance of some class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === bare || prototype === Object.prototype || prototype === null;
}

function ownProperties(value: object, copyOf: (item: unknown) => unknown): Record<string, unknown> {
  const copy = new Plain();
  // Nothing is inherited, so that an own `__proto__`, as JSON can hold it, is a property like others.
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key]);
  return copy;
}

/**
 * Plain objects and lists are copied and frozen at every depth; earlier copies are shared. Everything else (streams, signals,
 * functions, bytes) is passed through as it is.
 *
 * A copy has the own properties of the original, each read once, and inherits none: an option that is absent stays absent
 * when something in this process has written to `Object.prototype`, and a getter can't say one thing to a check and another
 * to what follows. Everything that comes from outside goes through this before it is read.
 *
 * @example
 * ```ts
 * import { plain } from '@haco/plan';
 * const { readonly } = plain<{ readonly?: boolean }>({}); // undefined, also after Object.prototype.readonly = true
 * ```
 */
export function plain<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (lists.has(value)) return value;
    const copy = Object.freeze(value.map(plain));
    lists.add(copy);
    return copy as T;
  }
  if (!isPlainObject(value)) return value;
  if (Object.getPrototypeOf(value) === bare && Object.isFrozen(value)) return value;
  return Object.freeze(ownProperties(value, plain)) as T;
}

/** As {@link plain} for what is large and stays in the house: neither frozen nor remembered, at a tenth of the cost. */
export function ownOnly<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ownOnly) as T;
  // What inherits nothing was made here, and so was all that is in it.
  if (Object.getPrototypeOf(value) === bare) return value;
  return isPlainObject(value) ? (ownProperties(value, ownOnly) as T) : value;
}

/** As {@link plain}, for what a stranger made: a getter that throws, or a circle, is an error that says so. */
export function readPlain<T>(value: T): Result<T, string> {
  try {
    return ok(plain(value));
  } catch (error) {
    return err(`can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
