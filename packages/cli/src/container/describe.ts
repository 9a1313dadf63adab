/** Which container is meant, or which cluster: a definition, or flags alone; with the command of the line, if it has one. */
import { err, ok, type Result } from 'neverthrow';
import { haco, type Builder, type Cluster } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { isCluster, loadDefinition, type LoadedDefinition } from '../definition/load.js';
import { applySettings, type Settings } from './apply-settings.js';

/** The words of a command line. */
export interface Words {
  readonly values: Settings;
  /** The definition, then words of the command. */
  readonly operands: readonly string[];
  readonly rest: readonly string[] | undefined;
}

/** A container that was described, or several. */
export interface Described {
  readonly described: Builder | Cluster;
  /** Absolute path of its definition, where it has one. */
  readonly definition: string | undefined;
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
  const complete = (builder: Builder): Result<Builder, CommandError> =>
    applySettings(builder, values, env).map((next) => (program === undefined ? next : next.command(program, ...args)));
  return loaded.andThen((definition) => {
    const given = definition?.described ?? haco();
    return (isCluster(given) ? changed(given, complete) : complete(given)).map((described) => ({
      described,
      definition: definition?.path,
    }));
  });
}

/** What the command line says is for every container of a cluster. */
function changed(
  cluster: Cluster,
  change: (builder: Builder) => Result<Builder, CommandError>,
): Result<Cluster, CommandError> {
  let failure: CommandError | undefined;
  const next = cluster.use((builder) => {
    const result = change(builder);
    if (result.isErr()) failure ??= result.error;
    return result.unwrapOr(builder);
  });
  return failure === undefined ? ok(next) : err(failure);
}
