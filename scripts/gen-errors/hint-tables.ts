/** The hints of @haco/sys as tables of Markdown, one for each file of packages/sys/src/hints. */
import { hintRows } from '../../packages/sys/src/hint.js';
import { cgroupHints } from '../../packages/sys/src/hints/cgroup-files.js';
import { execHints } from '../../packages/sys/src/hints/exec.js';
import { fileHints } from '../../packages/sys/src/hints/files.js';
import { generalHints } from '../../packages/sys/src/hints/general.js';
import type { HintTable } from '../../packages/sys/src/hints/hint-table.js';
import { mountHints } from '../../packages/sys/src/hints/mounts.js';
import { namespaceHints } from '../../packages/sys/src/hints/namespace-files.js';
import { privilegeHints } from '../../packages/sys/src/hints/privileges.js';
import { processHints } from '../../packages/sys/src/hints/processes.js';

const tables: readonly (readonly [title: string, table: HintTable])[] = [
  ['Processes and namespaces', processHints],
  ['Id maps, time offsets and namespace files', namespaceHints],
  ['Mounts', mountHints],
  ['Files and descriptors', fileHints],
  ['Users, capabilities and confinement', privilegeHints],
  ['The command', execHints],
  ['Control groups', cgroupHints],
];

/** Text in a cell of a table: as it is, and nothing of it as Markdown or HTML. */
export function cell(text: string): string {
  return text.replace(/[\\`*<|[\]]/g, (character) => `\\${character}`);
}

function rowsOf(table: HintTable): readonly string[] {
  return Object.entries(table).flatMap(([key, hints]) => {
    const [calls = '', steps = ''] = key.split(' @');
    const names = calls
      .split(' ')
      .map((call) => `\`${call}\``)
      .join(', ');
    const where = steps === '' ? '' : ` in \`${steps}\``;
    return Object.entries(hints).map(([errno, hint]) => `| ${names}${where} | ${errno} | ${cell(hint)} |`);
  });
}

const head = '| call | errno | what it means there; what to do |\n| --- | --- | --- |\n';

/** All of them, with headings. */
export function hintSections(): string {
  const listed = tables.reduce((count, [, table]) => count + countOf(table), 0);
  if (listed !== hintRows().length)
    throw new Error('scripts/gen-errors/hint-tables.ts lacks a table of packages/sys/src/hints');
  const sections = tables.map(([title, table]) => `### ${title}\n\n${head}${rowsOf(table).join('\n')}\n`);
  const general = Object.entries(generalHints).map(([errno, hint]) => `| ${errno} | ${cell(hint)} |`);
  return [
    ...sections,
    `### Any other call\n\n| errno | what it mostly means; what to do |\n| --- | --- |\n${general.join('\n')}\n`,
  ].join('\n');
}

/** How many rows of {@link hintRows} a table makes. */
function countOf(table: HintTable): number {
  return Object.entries(table).reduce((count, [key, hints]) => {
    const [calls = ''] = key.split(' @');
    return count + calls.split(' ').length * Object.keys(hints).length;
  }, 0);
}
