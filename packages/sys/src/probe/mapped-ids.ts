/** Which ids there are in a user namespace: the left side of its map, see user_namespaces(7). */
import type { SubordinateRange } from '@haco/plan';

/** All ids but the last, which means "no id" (-1). */
const everyId = 4_294_967_295;

/** Ranges in the order of their ids, neighbours joined; undefined when there are all, or nothing is known. */
export function mappedIds(map: string | undefined): readonly SubordinateRange[] | undefined {
  const lines = (map ?? '')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const ranges: { start: number; count: number }[] = [];
  for (const [start = Number.NaN, , count = Number.NaN] of lines.sort(([a = 0], [b = 0]) => a - b)) {
    if (!Number.isInteger(start) || !Number.isInteger(count)) return undefined;
    const last = ranges.at(-1);
    if (last !== undefined && last.start + last.count === start) last.count += count;
    else ranges.push({ start, count });
  }
  return ranges[0]?.start === 0 && ranges[0].count >= everyId ? undefined : ranges;
}
