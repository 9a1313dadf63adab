/** A plan as a picture: the launcher to the left, the container's process to the right, time downwards. */
import type { Plan } from '../plan.js';
import { diagramOf, type DiagramBox } from './diagram.js';

const columnWidth = 440;
const gap = 60;
const margin = 20;
const lineHeight = 17;
const padding = 10;
const between = 14;
/** So many characters of the font fit into a column, whatever they are. */
const mostCharacters = 58;
const width = 2 * margin + 2 * columnWidth + gap;

const style = `
  text { font: 12px ui-monospace, monospace; fill: #24292f }
  .title { font: bold 15px system-ui, sans-serif }
  .head { font: bold 13px system-ui, sans-serif }
  .small { font: 12px system-ui, sans-serif; fill: #57606a }
  rect { fill: #f6f8fa; stroke: #d0d7de; rx: 6px }
  .inside { stroke: #0969da }
  .warning { stroke: #cf222e }
  path { fill: none; stroke: #57606a; stroke-width: 1.5px; marker-end: url(#tip) }
  .tip { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    rect { fill: #151b23; stroke: #3d444d }
    .inside { stroke: #4493f8 }
    .warning { stroke: #f85149 }
    path { stroke: #9198a1 }
    .tip { fill: #9198a1 }
  }
`;

/** As text of XML, without what no XML may hold. */
const escape = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u001F\u007F\uFFFE\uFFFF]/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** Lines of at most so many characters, broken at spaces where there are some. */
function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > mostCharacters) {
    const space = rest.lastIndexOf(' ', mostCharacters);
    const at = space > mostCharacters / 2 ? space : mostCharacters;
    lines.push(rest.slice(0, at));
    rest = `  ${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}

interface Drawn {
  readonly svg: string;
  readonly top: number;
  readonly bottom: number;
}

function drawBox({ title, lines }: DiagramBox, left: number, top: number, kind: string): Drawn {
  const wrapped = lines.flatMap(wrap);
  const height = 2 * padding + lineHeight * (wrapped.length + 1);
  const x = left + padding;
  const rows = wrapped.map((line, index) => {
    const y = top + padding + lineHeight * (index + 2) - 5;
    return `<text x="${String(x)}" y="${String(y)}" xml:space="preserve">${escape(line)}</text>`;
  });
  return {
    svg: [
      `<rect class="${kind}" x="${String(left)}" y="${String(top)}" width="${String(columnWidth)}" height="${String(height)}"/>`,
      `<text class="head" x="${String(x)}" y="${String(top + padding + lineHeight - 5)}">${escape(title)}</text>`,
      ...rows,
    ].join('\n'),
    top,
    bottom: top + height,
  };
}

/** One below the other. */
function drawColumn(boxes: readonly DiagramBox[], left: number, top: number, kind: string): readonly Drawn[] {
  let next = top;
  return boxes.map((box) => {
    const drawn = drawBox(box, left, next, kind);
    next = drawn.bottom + between;
    return drawn;
  });
}

/**
 * Draw a plan as SVG: a picture of its own, without scripts and fonts from elsewhere, for light and dark surroundings.
 *
 * @example
 * ```ts
 * import { svgOf } from '@haco/plan';
 * svgOf({ version: 1, name: 'x', steps: [], warnings: [] }); // <svg xmlns="http://www.w3.org/2000/svg" …
 * ```
 */
export function svgOf(plan: Plan): string {
  const diagram = diagramOf(plan);
  const [hostLeft, insideLeft] = [margin, margin + columnWidth + gap];
  const top = 76;
  const before = drawColumn(diagram.before, hostLeft, top, 'host');
  const beforeEnd = before.at(-1)?.bottom ?? top;
  const beside = drawColumn(diagram.beside, hostLeft, beforeEnd + between, 'host');
  const insideTop = Math.max(top, (before.at(-1)?.top ?? top) + between);
  const inside = drawColumn(diagram.inside, insideLeft, insideTop, 'inside');
  const insideEnd = inside.at(-1)?.bottom ?? insideTop;
  const afterTop = Math.max(insideEnd, beside.at(-1)?.bottom ?? beforeEnd) + between;
  const after = drawColumn(diagram.after, hostLeft, afterTop, 'host');
  const warningTop = Math.max(after.at(-1)?.bottom ?? afterTop, insideEnd) + between;
  const warnings = drawColumn(
    diagram.warnings.length === 0 ? [] : [{ title: 'what will fail on this host', lines: diagram.warnings }],
    hostLeft,
    warningTop,
    'warning',
  );
  const all = [...before, ...beside, ...inside, ...after, ...warnings];
  const height = Math.max(top, ...all.map(({ bottom }) => bottom)) + margin;
  const [first, last] = [inside[0], inside.at(-1)];
  const arrows = [
    ...(first === undefined || before.length === 0
      ? []
      : [`M ${String(hostLeft + columnWidth)} ${String(first.top + 14)} H ${String(insideLeft - 4)}`]),
    ...(last === undefined || after[0] === undefined
      ? []
      : [
          `M ${String(insideLeft + columnWidth / 2)} ${String(last.bottom)} V ${String(after[0].top + 14)} H ${String(hostLeft + columnWidth + 4)}`,
        ]),
  ];
  const made = diagram.cloned.length === 0 ? 'no new namespaces' : `new namespaces: ${diagram.cloned.join(', ')}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}">`,
    `<title>${escape(diagram.title)}</title>`,
    `<style>${style}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M 0 0 L 8 4 L 0 8 z" style="marker-end:none;stroke:none"/></marker></defs>',
    `<text class="title" x="${String(margin)}" y="28">${escape(diagram.title)}</text>`,
    `<text class="head" x="${String(hostLeft)}" y="60">the launcher, on the host</text>`,
    `<text class="head" x="${String(insideLeft)}" y="44">the container's first process</text>`,
    `<text class="small" x="${String(insideLeft)}" y="62">${escape(made)}</text>`,
    ...all.map(({ svg }) => svg),
    ...arrows.map((path) => `<path d="${path}"/>`),
    '</svg>',
    '',
  ].join('\n');
}
