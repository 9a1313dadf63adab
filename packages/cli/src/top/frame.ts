/** One picture of `haco top`: as many lines as the screen has, none longer than it is wide. */
import type { Context } from '../context.js';
import { table } from '../view/table.js';
import { bytes, percent } from '../view/units.js';
import { columns, sorted, type SortKey } from './columns.js';
import type { Usage } from './sample.js';

/** A screen. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

/** The lines of a picture. */
export function frame(
  usages: readonly Usage[],
  {
    size,
    sort,
    paused,
    paint,
  }: { readonly size: Size; readonly sort: SortKey; readonly paused: boolean; readonly paint: Context['paint'] },
): readonly string[] {
  const fit = (line: string): string => (line.length > size.columns ? line.slice(0, size.columns) : line);
  const count = `${String(usages.length)} container${usages.length === 1 ? '' : 's'}`;
  const total = `cpu ${percent(sum(usages.map(({ cpuPercent }) => cpuPercent)))}, memory ${bytes(sum(usages.map(({ memoryBytes }) => memoryBytes)))}`;
  const title = fit(`haco top: ${count}, ${total}, by ${sort}${paused ? ', held' : ''}`);
  const keys = fit('q quit   c cpu   m memory   p pids   i io   n name   space hold');
  const [headings = '', ...lines] = table(columns, sorted(usages, sort));
  const room = Math.max(0, size.rows - 4);
  const hidden = lines.length - room;
  const shown = hidden > 0 ? [...lines.slice(0, Math.max(0, room - 1)), `… and ${String(hidden + 1)} more`] : lines;
  const filler = Array.from({ length: Math.max(0, room - shown.length) }, () => '');
  return [
    paint('bold', title),
    paint('inverse', fit(headings).padEnd(size.columns)),
    ...shown.map(fit),
    ...filler,
    '',
    paint('dim', keys),
  ].slice(0, size.rows);
}
