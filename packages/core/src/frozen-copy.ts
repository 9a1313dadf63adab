/** A copy that nobody can change any more: neither through the builder nor through what was given to a verb. */

const copies = new WeakSet<object>();

function keep<T extends object>(copy: T): T {
  copies.add(copy);
  return Object.freeze(copy);
}

/**
 * Plain objects and lists are copied and frozen at every depth; earlier copies are shared. Everything else (streams, signals,
 * functions) is passed through as it is.
 */
export function frozenCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null || copies.has(value)) return value;
  if (Array.isArray(value)) return keep(value.map(frozenCopy)) as T;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  // Entries are defined, not assigned: an own `__proto__`, as JSON can hold it, must not become the prototype.
  for (const key of Object.keys(value)) {
    const item = frozenCopy((value as Record<string, unknown>)[key]);
    if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true });
    else copy[key] = item;
  }
  return keep(copy) as T;
}
