/** The picture: one row for each contender, its median as a dot and p10 to p90 as a line, on a logarithmic scale. */
import type { Row } from './results.js';

/** Fonts differ in width; a label that reaches beyond the picture would be cut. */
const labelWidth = 420;
const plotWidth = 480;
const rowHeight = 22;
const top = 48;
const right = 90;
const width = labelWidth + plotWidth + right;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .small { font-size: 11px; fill: #57606a }
  .grid { stroke: #d0d7de }
  .base { stroke: #57606a; stroke-dasharray: 4 3 }
  .node { stroke: #57606a; fill: #57606a }
  .haco { stroke: #0969da; fill: #0969da }
  .floor { stroke: #1a7f37; fill: #1a7f37 }
  .tool { stroke: #bc4c00; fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .base { stroke: #9198a1 }
    .node { stroke: #9198a1; fill: #9198a1 }
    .haco { stroke: #4493f8; fill: #4493f8 }
    .floor { stroke: #3fb950; fill: #3fb950 }
    .tool { stroke: #db6d28; fill: #db6d28 }
  }
`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&#39;');

/** 1, 2, 5, 10, 20, … that lie within the range. */
function ticks(low: number, high: number): readonly number[] {
  const found: number[] = [];
  for (let power = -3; power < 5; power++) {
    for (const digit of [1, 2, 5]) {
      const value = digit * 10 ** power;
      if (value >= low && value <= high) found.push(Number(value.toPrecision(1)));
    }
  }
  return found;
}

/** A picture of these rows, with a line at the median of the row `baseId`. Readable on light and dark ground. */
export function plot(rows: readonly Row[], baseId: string): string {
  const sorted = [...rows].sort((a, b) => a.median - b.median);
  const low = Math.min(...sorted.map(({ p10 }) => p10)) * 0.8;
  const high = Math.max(...sorted.map(({ p90 }) => p90)) * 1.2;
  const x = (value: number): string =>
    (labelWidth + (Math.log(value / low) / Math.log(high / low)) * plotWidth).toFixed(1);
  const bottom = top + sorted.length * rowHeight;
  const grid = ticks(low, high).flatMap((value) => [
    `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${String(top - 8)}" y2="${String(bottom)}"/>`,
    `<text class="small" x="${x(value)}" y="${String(top - 14)}" text-anchor="middle">${String(value)}</text>`,
  ]);
  const base = sorted.find(({ id }) => id === baseId);
  const baseLine =
    base === undefined
      ? []
      : [
          `<line class="base" x1="${x(base.median)}" x2="${x(base.median)}" y1="${String(top - 8)}" y2="${String(bottom)}"/>`,
        ];
  const lines = sorted.flatMap(({ label, group, median, p10, p90 }, index) => {
    const y = top + index * rowHeight + rowHeight / 2;
    return [
      `<text x="${String(labelWidth - 12)}" y="${String(y + 4)}" text-anchor="end">${escape(label)}</text>`,
      `<line class="${group}" stroke-width="3" stroke-opacity="0.5" x1="${x(p10)}" x2="${x(p90)}" y1="${String(y)}" y2="${String(y)}"/>`,
      `<circle class="${group}" cx="${x(median)}" cy="${String(y)}" r="4"/>`,
      `<text class="small" x="${String(width - 8)}" y="${String(y + 4)}" text-anchor="end">${median.toFixed(2)} ms</text>`,
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(bottom + 12)}" role="img">`,
    `<title>Time from start to result in milliseconds: median and p10 to p90</title>`,
    `<style>${style}</style>`,
    `<text class="small" x="${String(labelWidth - 12)}" y="${String(top - 14)}" text-anchor="end">milliseconds from start to result, logarithmic</text>`,
    ...grid,
    ...baseLine,
    ...lines,
    '</svg>',
  ].join('\n')}\n`;
}
