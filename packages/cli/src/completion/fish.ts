/** For fish: a line for each word that may come. @see complete(1) of fish */
import type { CompletedCommand, CompletedOption } from './script.js';

const arguments_ = {
  file: '-F',
  directory: "-x -a '(__fish_complete_directories)'",
  command: "-x -a '(__fish_complete_command)'",
  signal: "-x -a '(__fish_make_completion_signals; string split \\  -f 2 $__kill_signals)'",
  container: "-x -a '(haco ps --quiet 2>/dev/null)'",
  none: '-x',
} as const;

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

function optionLine(condition: string, { name, short, about, value }: CompletedOption): string {
  const letter = short === undefined ? '' : ` -s ${short}`;
  const what =
    value === undefined ? '' : ` ${typeof value === 'string' ? arguments_[value] : `-x -a ${quoted(value.join(' '))}`}`;
  return `complete -c haco -n ${quoted(condition)} -l ${name}${letter} -d ${quoted(about)}${what}`;
}

/** The script. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ names, summary, options, operands }) => {
    const condition = `__fish_seen_subcommand_from ${names.join(' ')}`;
    const files = operands === 'none' ? [] : [`complete -c haco -n ${quoted(condition)} ${arguments_[operands]}`];
    return [
      ...names.map((name) => `complete -c haco -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`),
      ...options.map((option) => optionLine(condition, option)),
      ...files,
    ];
  });
  return [
    '# Completion of haco for fish: haco completion fish > ~/.config/fish/completions/haco.fish',
    'complete -c haco -f',
    ...lines,
    '',
  ].join('\n');
}
