/** The spec of a registered container as a process that joins it needs it. */
import { isLiveJson } from '@haco/plan';

/**
 * Filters whose calls are answered by functions of the program that made the container: without these functions, a process
 * would be confined less than the container. It is refused rather, when the spec is parsed.
 */
const strict: readonly string[] = ['seccomp'];

function withoutLive(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isLiveJson(item)).map(withoutLive);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => !isLiveJson(item))
      .map(([key, item]) => [key, withoutLive(item)]),
  );
}

/** Without what only worked in the program that made it: streams, signals, hooks. They mean nothing to a process that joins. */
export function storedSpec(spec: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(spec).map(([key, section]) => [key, strict.includes(key) ? section : withoutLive(section)]),
  );
}
