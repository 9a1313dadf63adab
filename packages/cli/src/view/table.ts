/** Rows in columns as wide as their widest cell. */
import { visible } from './visible.js';

/** A column. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand under each other at their ends. */
  readonly align?: 'right';
  /** Cells are cut to so many letters. */
  readonly most?: number;
}

function cut(text: string, most: number | undefined): string {
  return most === undefined || text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`;
}

/** The lines of a table, the headings first. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] {
  const cells = rows.map((row) => columns.map(({ cell, most }) => cut(visible(cell(row)), most)));
  const all = [columns.map(({ heading }) => heading), ...cells];
  const widths = columns.map((_, index) => Math.max(...all.map((line) => line[index]?.length ?? 0)));
  return all.map((line) =>
    line
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
