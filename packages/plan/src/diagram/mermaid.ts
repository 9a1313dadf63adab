/** A plan as a flowchart of Mermaid, which GitHub and many editors draw. */
import type { Plan } from '../plan.js';
import { diagramOf, type DiagramBox } from './diagram.js';

/** Characters that mean something to Mermaid, or to the HTML that it makes, as its entity codes. */
const quoted = (text: string): string =>
  text.replaceAll(/[#&<>"`\\{}[\]|\n\r]/g, (character) => `#${String(character.charCodeAt(0))};`);

function node(id: string, { title, lines }: DiagramBox): string {
  return `    ${id}["<b>${quoted(title)}</b><br/>${lines.map(quoted).join('<br/>')}"]`;
}

/**
 * Draw a plan as a Mermaid flowchart: a column for the launcher on the host, one for the container's process.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 *
 * @example
 * ```ts
 * import { mermaidOf } from '@haco/plan';
 * mermaidOf({ version: 1, name: 'x', steps: [], warnings: [] }); // flowchart TB …
 * ```
 */
export function mermaidOf(plan: Plan): string {
  const diagram = diagramOf(plan);
  const ids = (prefix: string, boxes: readonly DiagramBox[]) =>
    boxes.map((box, index) => ({ id: `${prefix}${String(index + 1)}`, box }));
  const [before, beside, inside, after] = [
    ids('before', diagram.before),
    ids('beside', diagram.beside),
    ids('inside', diagram.inside),
    ids('after', diagram.after),
  ];
  const chain = (nodes: readonly { readonly id: string }[]): readonly string[] =>
    nodes.slice(1).map(({ id }, index) => `  ${nodes[index]?.id ?? ''} --> ${id}`);
  const arrow = (from: string | undefined, how: string, to: string | undefined): readonly string[] =>
    from === undefined || to === undefined ? [] : [`  ${from} ${how} ${to}`];
  const made = diagram.cloned.length === 0 ? 'clone3' : `clone3: ${diagram.cloned.join(', ')}`;
  return [
    'flowchart TB',
    `  subgraph host["${quoted(`${diagram.title}: the launcher, on the host`)}"]`,
    ...[...before, ...beside, ...after].map(({ id, box }) => node(id, box)),
    '  end',
    '  subgraph container["the container\'s first process"]',
    ...inside.map(({ id, box }) => node(id, box)),
    '  end',
    ...chain(before),
    ...chain(inside),
    ...arrow(before.at(-1)?.id, `-- "${quoted(made)}" -->`, inside[0]?.id),
    ...arrow(beside[0]?.id, '-. "goes on" .->', inside[0]?.id),
    ...arrow(inside.at(-1)?.id, '-- "ends" -->', after[0]?.id),
    ...diagram.warnings.flatMap((message, index) => [
      `  warning${String(index + 1)}["${quoted(message)}"]:::warning`,
      ...arrow(`warning${String(index + 1)}`, '-.-', before.at(-1)?.id),
    ]),
    ...(diagram.warnings.length === 0 ? [] : ['  classDef warning stroke:#cf222e,stroke-width:2px']),
    '',
  ].join('\n');
}
