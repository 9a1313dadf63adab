/** Where everything begins: `haco()` and `haco.fromSpec()`. */
import type { Result } from 'neverthrow';
import { plain, type AnyPart, type InvalidSpecError, nothing, type Shape } from '@haco/plan';
import { makeBuilder, type Builder } from './builder.js';
import { builtInParts, type MethodsOf } from './parts.js';
import { realRuntime, type Runtime } from './runtime.js';
import { parseSpec, type Spec } from './spec.js';

/** What `haco()` takes. */
export interface HacoOptions<Parts extends readonly AnyPart[] = readonly AnyPart[]> {
  /** Features of third parties: their verbs are on the builder, their section in the spec, their steps in the plan. */
  readonly parts?: Parts;
  /** What performs plans, in place of this machine. */
  readonly runtime?: Runtime;
}

/** Of {@link HacoOptions}, where they come from plain JavaScript. */
export const hacoOptionsShape: Shape = {
  fields: {
    parts: {
      optional: {
        list: {
          fields: {
            key: 'text',
            verbs: { record: 'function' },
            parse: 'function',
            validate: 'function',
            plan: 'function',
          },
        },
      },
    },
    runtime: { optional: { fields: { host: 'function' } } },
  },
};

/** Options as they were given: a `runtime` that somebody put on `Object.prototype` would perform all plans. */
function ownOptions(given: HacoOptions): { readonly parts: readonly AnyPart[]; readonly runtime: Runtime } {
  const { parts, runtime = realRuntime } = { parts: undefined, runtime: undefined, ...given };
  return { parts: partsWith(parts), runtime };
}

/** The built-in parts, and others. */
export function partsWith(extra: readonly AnyPart[] | undefined): readonly AnyPart[] {
  if (extra === undefined || extra.length === 0) return builtInParts;
  const keys = new Set<string>();
  const parts: readonly AnyPart[] = plain([...builtInParts, ...extra]);
  for (const { key } of parts) {
    if (key === 'version' || keys.has(key)) throw new TypeError(`two parts have the key ${key}`);
    keys.add(key);
  }
  return parts;
}

/** The spec that says nothing. */
export function emptySpec(parts: readonly AnyPart[]): Spec {
  return Object.freeze({
    version: 1,
    ...Object.fromEntries(parts.map((part) => [part.key, plain(part.empty)])),
  }) as Spec;
}

const emptyBuiltIn = emptySpec(builtInParts);
let plainBuilder: Builder | undefined;

function begin(): Builder;
function begin<const Parts extends readonly AnyPart[] = readonly []>(
  options: HacoOptions<Parts>,
): Builder & MethodsOf<Parts>;
function begin(given: HacoOptions = nothing): Builder {
  const { parts, runtime } = ownOptions(given);
  // One for all that begin here, so that equal chains are one chain (builder-memo.ts).
  if (parts === builtInParts && runtime === realRuntime)
    return (plainBuilder ??= makeBuilder(parts, emptyBuiltIn, runtime));
  return makeBuilder(parts, emptySpec(parts), runtime);
}

/**
 * Begin a container: nothing is isolated until a verb asks for it.
 *
 * @example
 * ```ts
 * import { haco } from '@haco/core';
 * const root = '/srv/roots/debian';
 * const result = await haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).run();
 * ```
 */
export const haco = Object.assign(begin, {
  /**
   * A builder from what `spec()` gave, after a way through JSON.
   *
   * Errors: `invalid-spec`, with every problem and its path.
   *
   * @param json - the parsed JSON
   */
  fromSpec: (json: unknown, given: HacoOptions = nothing): Result<Builder, InvalidSpecError> => {
    const { parts, runtime } = ownOptions(given);
    return parseSpec(parts, json).map((spec) => makeBuilder(parts, plain(spec), runtime));
  },
});
