/** Builders that remember how they were written: what a chapter shows is the code that it runs. */
import { inspect } from 'node:util';
import type { Builder, Terminals } from '@haco/core';

interface Written {
  readonly builder: Terminals;
  /** `.unshare('uts')` and so on. */
  readonly lines: readonly string[];
}

const written = new WeakMap<object, Written>();

/** What a chapter builds: the end of a chain, whatever namespaces it has. */
export type Chain = Terminals;

/** A builder whose verbs are noted. */
export function noting<B extends Terminals = Builder>(builder: B, lines: readonly string[] = []): B {
  const noted: B = new Proxy(builder, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      // Not a verb, but a decision: what it leads to is noted.
      if (key === 'when') return (yes: boolean, apply: (builder: B) => B) => (yes ? apply(noted) : noted);
      return (...args: readonly unknown[]) =>
        noting(Reflect.apply(value, target, args) as B, [...lines, `.${key}(${args.map(literal).join(', ')})`]);
    },
  });
  written.set(noted, { builder, lines });
  return noted;
}

/** The builder below the notes. */
export function builderOf(chain: Chain): Builder {
  return (written.get(chain)?.builder ?? chain) as Builder;
}

/** The code of a chain; where it lacks verbs of `whole`, those are there as comments. */
export function codeOf(chain: Chain, whole: Chain = chain): readonly string[] {
  const own = [...(written.get(chain)?.lines ?? [])];
  const all = written.get(whole)?.lines ?? [];
  const verbs = all.map((line) => {
    if (own[0] !== line) return `  // ${line}`;
    own.shift();
    return `  ${line}`;
  });
  return ['haco()', ...verbs, ...own.map((line) => `  ${line}`), '  .run()'];
}

/** A value as people write it in TypeScript. */
function literal(value: unknown): string {
  if (typeof value !== 'string') return inspect(value, { breakLength: Infinity, depth: Infinity });
  return value.includes("'") && !value.includes('"')
    ? JSON.stringify(value)
    : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}
