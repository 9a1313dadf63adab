/** Completion scripts, made from the table of commands: what a shell offers is what haco takes. */
import type { Command } from '../command-line/command.js';
import { commonOptions, type Completion, type OptionSpec } from '../command-line/options.js';
import type { CommandRow } from '../command-line/table.js';
import { bashScript } from './bash.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

/** Shells that are known. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** One of {@link shells}. */
export type Shell = (typeof shells)[number];

/** A command as a shell needs to know it. */
export interface CompletedCommand {
  /** Its name, and its other names. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly operands: Completion;
  readonly options: readonly CompletedOption[];
}

/** An option as a shell needs to know it. */
export interface CompletedOption {
  readonly name: string;
  readonly short: string | undefined;
  readonly about: string;
  /** What its value is completed with; undefined for one without a value. */
  readonly value: Completion | readonly string[] | undefined;
}

function completedOption([name, { type, short, about, choices, complete }]: readonly [
  string,
  OptionSpec,
]): CompletedOption {
  return { name, short, about, value: type === 'boolean' ? undefined : (choices ?? complete ?? 'none') };
}

const writers: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The script for a shell. */
export function completionScript(
  shell: Shell,
  commands: readonly { readonly row: CommandRow; readonly command: Command }[],
): string {
  return writers[shell](
    commands.map(({ row, command }) => ({
      names: [row.name, ...(row.aliases ?? [])],
      summary: row.summary,
      operands: command.operands.complete,
      options: Object.entries({ ...command.options, ...commonOptions }).map(completedOption),
    })),
  );
}
