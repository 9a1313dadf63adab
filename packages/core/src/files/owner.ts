/** Ids inside and outside. */
import type { IdRange } from '@haco/plan';

/** The id outside; undefined when there is no such id inside. */
export function outside(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ inside: first, count }) => id >= first && id < first + count);
  return range === undefined ? undefined : range.outside + id - range.inside;
}

/** The id inside; undefined for somebody who doesn't exist there. */
export function inside(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ outside: first, count }) => id >= first && id < first + count);
  return range === undefined ? undefined : range.inside + id - range.outside;
}
