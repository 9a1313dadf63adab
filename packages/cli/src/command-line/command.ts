/** What a subcommand is: its words, its options, and what it does. */
import type { Result } from 'neverthrow';
import type { HacoError } from '@haco/core';
import type { Context } from '../context.js';
import type { Completion, OptionTable, ValuesOf } from './options.js';
import type { UsageError } from './usage-error.js';

/** Why a command gave up. */
export type CommandError = HacoError | UsageError;

/** The exit code, or the error that becomes one. */
export type CommandResult = Result<number, CommandError>;

/** What a command is called with. */
export interface Invocation<O extends OptionTable> {
  readonly values: ValuesOf<O>;
  /** Words that are no options, in order. */
  readonly operands: readonly string[];
  /** Words after `--`; undefined without one. */
  readonly rest: readonly string[] | undefined;
}

/** The words that a command takes besides options. */
export interface OperandSpec {
  /** As in the help: `FILE`, `[FILE]`, `NAME...`. */
  readonly usage: string;
  readonly least: number;
  readonly most: number;
  readonly complete: Completion;
}

/** A subcommand. */
export interface Command<O extends OptionTable = OptionTable> {
  readonly name: string;
  /** What it does, in a paragraph. */
  readonly about: string;
  readonly operands: OperandSpec;
  /** What comes after `--`, e.g. `COMMAND ARG...`; refused without it. */
  readonly rest?: string;
  readonly options: O;
  /** Command lines to copy, each with what it does. */
  readonly examples: readonly (readonly [line: string, about: string])[];
  run(context: Context, invocation: Invocation<O>): Promise<CommandResult>;
}

/** A command whose `run` knows the types of its options. */
export function defineCommand<const O extends OptionTable>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** Takes no operands. */
export const noOperands: OperandSpec = { usage: '', least: 0, most: 0, complete: 'none' };
