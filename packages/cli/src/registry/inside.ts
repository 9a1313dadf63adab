/** A further program in a container, with our streams. */
import { err, ok, type Result } from 'neverthrow';
import type { ExecOptions, HacoError, ProcessHandle, ResultAsync } from '@haco/core';
import type { CommandResult } from '../command-line/command.js';
import type { OptionTable, ValuesOf } from '../command-line/options.js';
import { UsageError } from '../command-line/usage-error.js';
import { capabilities } from '../container/apply-settings.js';
import { cut, words } from '../container/lists.js';
import { processOptions } from '../container/process-options.js';
import { userOf } from '../container/user.js';
import type { Context } from '../context.js';
import { exitCodeOf } from '../exit-code.js';
import { startAttached } from '../terminal/attach-streams.js';

/** Flags of `exec` and `attach`. */
export const insideOptions = {
  ...processOptions,
  allow: {
    type: 'string',
    short: 'A',
    multiple: true,
    value: 'CAP,...',
    about: 'have only these capabilities, or "all"',
    complete: 'none',
  },
  drop: {
    type: 'string',
    short: 'D',
    multiple: true,
    value: 'CAP,...',
    about: 'take these capabilities away',
    complete: 'none',
  },
  timeout: { type: 'string', value: 'TIME', about: 'kill it after this time, e.g. 10s', complete: 'none' },
  tty: { type: 'boolean', short: 't', about: 'a terminal of its own, also when this is none' },
  'no-tty': { type: 'boolean', about: 'no terminal of its own, also when this is one' },
} as const satisfies OptionTable;

/** What the flags say. */
export type InsideValues = ValuesOf<typeof insideOptions>;

/** Who starts programs in a container. */
export interface Spawner {
  spawn(options: ExecOptions): ResultAsync<ProcessHandle, HacoError>;
}

function variables(values: readonly string[], here: NodeJS.ProcessEnv): Result<Record<string, string>, UsageError> {
  const env: Record<string, string> = {};
  for (const value of values) {
    const [name, given] = cut(value, '=');
    const text = given ?? here[name];
    if (text === undefined)
      return err(new UsageError(`There is no variable ${name} here to pass on; write --env ${name}=VALUE.`));
    env[name] = text;
  }
  return ok(env);
}

/** Run it, and stay until it ends. */
export async function runInside(
  context: Context,
  container: Spawner,
  values: InsideValues,
  [program, ...args]: readonly string[],
): Promise<CommandResult> {
  if (program === undefined)
    return err(new UsageError('There is no command to run in the container; write it after "--".'));
  const env = variables(values.env ?? [], context.env);
  if (env.isErr()) return err(env.error);
  const user = userOf(values);
  if (user.isErr()) return err(user.error);
  const asked = values.tty === true ? true : values['no-tty'] === true ? false : undefined;
  const { isTerminal } = context;
  const terminal = asked ?? (isTerminal.stdin && isTerminal.stdout);
  const TERM = context.env['TERM'];
  const caps = capabilities(words(values.allow), words(values.drop));
  const { columns, rows } = isTerminal.stdout ? process.stdout : { columns: 80, rows: 24 };
  const options: ExecOptions = {
    command: [program, ...args],
    env: { ...(terminal && TERM !== undefined ? { TERM } : {}), ...env.value },
    ...(values.workdir === undefined ? {} : { workdir: values.workdir }),
    ...(user.value === undefined ? {} : { user: user.value }),
    ...(caps === undefined ? {} : { caps: caps as NonNullable<ExecOptions['caps']> }),
    ...(values.timeout === undefined ? {} : { timeout: values.timeout }),
    ...(terminal ? { tty: { columns, rows } } : { stdin: { fd: 0 }, stdout: { fd: 1 }, stderr: { fd: 2 } }),
  };
  return (await startAttached(() => container.spawn(options), terminal)).map(exitCodeOf);
}
