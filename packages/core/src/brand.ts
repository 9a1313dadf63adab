/** What tells builders and clusters from other objects: a mark that all copies of this package share, as classes can't. */

/** Under this key an object says what it is. */
export const brand = Symbol.for('@haco/core');

/** What may be marked. */
export type Brand = 'builder' | 'cluster';

/** What an object says it is; undefined when it is none of haco's. */
export function brandOf(value: unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return (value as { readonly [brand]?: unknown })[brand];
}
