/** All commands. Names and summaries only: what a command needs is loaded when it is called. */
import type { Command } from './command.js';

/** A row of the table. */
export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** For the list of all commands. */
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** In the order of the help. */
export const commandTable: readonly CommandRow[] = [
  {
    name: 'new',
    aliases: ['init'],
    summary: 'write a definition to start from',
    load: () => import('../commands/new.js'),
  },
  {
    name: 'run',
    aliases: ['start'],
    summary: 'run a container: a definition, or flags and a command',
    load: () => import('../commands/run.js'),
  },
  {
    name: 'explain',
    summary: 'show the system calls that a container will make, and why',
    load: () => import('../commands/explain.js'),
  },
  {
    name: 'check',
    summary: 'say what would make a container fail on this host',
    load: () => import('../commands/check.js'),
  },
  { name: 'doctor', summary: 'say what works on this host', load: () => import('../commands/doctor.js') },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    load: () => import('../commands/completion.js'),
  },
  { name: 'version', summary: 'show the version', load: () => import('../commands/version.js') },
];

/** A row by its name, or one of its other names. */
export function findRow(word: string): CommandRow | undefined {
  return commandTable.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
}
