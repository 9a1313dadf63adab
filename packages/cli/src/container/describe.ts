/** Which container is meant: a definition, or flags alone; with the command of the line, if it has one. */
import { err, ok, type Result } from 'neverthrow';
import { haco, type Builder } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { loadDefinition, type LoadedDefinition } from '../definition/load.js';
import { applySettings, type Settings } from './apply-settings.js';

/** The words of a command line. */
export interface Words {
  readonly values: Settings;
  /** The definition, then words of the command. */
  readonly operands: readonly string[];
  readonly rest: readonly string[] | undefined;
}

/** A container that was described. */
export interface Described {
  readonly builder: Builder;
  /** Absolute path of its definition, where it has one. */
  readonly definition: string | undefined;
  /** Whether the command line says more than its definition. */
  readonly changed: boolean;
}

/** The builder of `haco COMMAND [FILE] [FLAGS] [-- COMMAND ARG...]`. */
export async function describeContainer(
  name: string,
  { values, operands, rest = [] }: Words,
  env: NodeJS.ProcessEnv,
): Promise<Result<Described, CommandError>> {
  const [file, ...more] = operands;
  const [program, ...args] = [...more, ...rest];
  if (file === undefined && program === undefined && Object.keys(values).length === 0) {
    return err(
      new UsageError(
        `"haco ${name}" needs a definition, or flags and a command: haco ${name} my.haco.ts, or haco ${name} --unshare pid -- ps.`,
      ),
    );
  }
  const loaded: Result<LoadedDefinition | undefined, CommandError> =
    file === undefined ? ok(undefined) : await loadDefinition(file, { command: name, args: [...more, ...rest] });
  return loaded.andThen((definition) =>
    applySettings(definition?.builder ?? haco(), values, env).map((builder) => ({
      builder: program === undefined ? builder : builder.command(program, ...args),
      definition: definition?.path,
      changed: program !== undefined || Object.keys(values).length > 0,
    })),
  );
}
