/** The help of a command, and the list of all. */
import type { Context } from '../context.js';
import { commonOptions, type OptionSpec } from './options.js';
import type { Command } from './command.js';
import { commandTable } from './table.js';

/** `-n, --name NAME`. */
function spelling(name: string, { short, value, type, choices }: OptionSpec): string {
  const letter = short === undefined ? '    ' : `-${short}, `;
  const word = type === 'boolean' ? '' : ` ${value ?? choices?.join('|') ?? 'VALUE'}`;
  return `${letter}--${name}${word}`;
}

/** Break text at spaces so that no line is longer than `width`. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Two columns: a term in colour, and what it means. */
function list(context: Context, rows: readonly (readonly [string, string])[]): readonly string[] {
  const column = Math.min(34, Math.max(...rows.map(([term]) => term.length)));
  const width = Math.max(30, Math.min(context.columns, 110) - column - 4);
  return rows.flatMap(([term, about]) => {
    const lines = wrap(about, width);
    const blank = ' '.repeat(column + 4);
    const first = `  ${context.paint('cyan', term)}`;
    if (term.length > column) return [first, ...lines.map((line) => blank + line)];
    return [
      `${first}${' '.repeat(column - term.length + 2)}${lines[0] ?? ''}`,
      ...lines.slice(1).map((line) => blank + line),
    ];
  });
}

/** How it is called. */
export function usageLine({ name, operands, rest }: Command): string {
  return ['haco', name, '[OPTIONS]', operands.usage, rest === undefined ? '' : `[-- ${rest}]`]
    .filter(Boolean)
    .join(' ');
}

/** The help of one command. */
export function commandHelp(context: Context, command: Command): string {
  const heading = (text: string): string => context.paint('bold', text);
  const aliases = commandTable.find(({ name }) => name === command.name)?.aliases ?? [];
  const options = Object.entries({ ...command.options, ...commonOptions }).map(
    ([name, option]): readonly [string, string] => [spelling(name, option), option.about],
  );
  return [
    `${heading('Usage:')} ${usageLine(command)}`,
    ...(aliases.length === 0 ? [] : [`${heading('Also:')}  haco ${aliases.join(', haco ')}`]),
    '',
    ...wrap(command.about, Math.min(context.columns, 110)),
    '',
    heading('Options:'),
    ...list(context, options),
    ...(command.examples.length === 0 ? [] : ['', heading('Examples:'), ...list(context, command.examples)]),
    '',
  ].join('\n');
}

/** What `haco` says without a command. */
export function generalHelp(context: Context, version: string): string {
  return [
    `haco ${version}: Linux containers from TypeScript`,
    '',
    `${context.paint('bold', 'Usage:')} haco COMMAND [OPTIONS]`,
    '',
    context.paint('bold', 'commands:'),
    ...list(
      context,
      commandTable.map(({ name, summary }) => [name, summary]),
    ),
    '',
    'Invoke "haco COMMAND -h" for details.',
    '',
  ].join('\n');
}
