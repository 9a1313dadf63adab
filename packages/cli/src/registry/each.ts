/** Doing the same to several containers: all are tried, the first error is the answer. */
import { err, ok } from 'neverthrow';
import type { HacoError, ManagedContainer, ResultAsync } from '@haco/core';
import type { CommandResult } from '../command-line/command.js';
import type { Context } from '../context.js';
import { findTargets } from './target.js';

/** Words and flags that mean containers. */
export interface Targets {
  readonly operands: readonly string[];
  readonly values?: Parameters<typeof findTargets>[1];
}

/** Do something to each of the containers that words mean, and say for which it is done. */
export async function forEach(
  context: Context,
  words: readonly string[] | Targets,
  work: (container: ManagedContainer) => ResultAsync<unknown, HacoError>,
  done: (name: string) => string = (name) => name,
): Promise<CommandResult> {
  const { operands, values = {} } = 'operands' in words ? words : { operands: words };
  const found = await findTargets(operands, values);
  if (found.isErr()) return err(found.error);
  const results = await Promise.all(
    found.value.map(async (container) => {
      const result = await work(container);
      if (result.isOk()) context.print(done(container.name));
      return result;
    }),
  );
  const failures = results.flatMap((result) => (result.isErr() ? [result.error] : []));
  for (const { message } of failures.slice(1)) context.printError(`${context.paintError('red', 'haco:')} ${message}`);
  return failures[0] === undefined ? ok(0) : err(failures[0]);
}
