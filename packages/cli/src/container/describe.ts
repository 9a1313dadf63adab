/** Which container is meant: a definition, or flags alone; with the command of the line, if it has one. */
import { err, ok, type Result } from 'neverthrow';
import { haco, type Builder } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { loadBuilder } from '../definition/load.js';
import { applySettings, type Settings } from './apply-settings.js';

/** The words of a command line. */
export interface Words {
  readonly values: Settings;
  /** The definition, then words of the command. */
  readonly operands: readonly string[];
  readonly rest: readonly string[] | undefined;
}

/** The builder of `haco COMMAND [FILE] [FLAGS] [-- COMMAND ARG...]`. */
export async function describeContainer(
  name: string,
  { values, operands, rest = [] }: Words,
  env: NodeJS.ProcessEnv,
): Promise<Result<Builder, CommandError>> {
  const [file, ...more] = operands;
  const [program, ...args] = [...more, ...rest];
  if (file === undefined && program === undefined && Object.keys(values).length === 0) {
    return err(
      new UsageError(
        `"haco ${name}" needs a definition, or flags and a command: haco ${name} my.haco.ts, or haco ${name} --unshare pid -- ps.`,
      ),
    );
  }
  const base = file === undefined ? ok(haco()) : await loadBuilder(file);
  return base
    .andThen((builder) => applySettings(builder, values, env))
    .map((builder) => (program === undefined ? builder : builder.command(program, ...args)));
}
