/** `haco run --daemon`: containers that survive this terminal. */
import { resolve } from 'node:path';
import { err, ok } from 'neverthrow';
import type { CommandResult } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import type { Context } from '../context.js';
import { isCluster } from '../definition/load.js';
import type { Described } from './describe.js';

/** Detach what was described, and say how it is called. */
export async function detach(
  context: Context,
  { described, definition }: Described,
  { pidFile, replace }: { readonly pidFile: string | undefined; readonly replace: boolean },
): Promise<CommandResult> {
  const options = { replace, ...(definition === undefined ? {} : { definition }) };
  if (isCluster(described)) {
    if (pidFile !== undefined) {
      return err(new UsageError('The option --pid-file is for one container; the definition is a cluster of several.'));
    }
    return (await described.detach(options)).map((detached) => {
      for (const { name } of detached) context.print(name);
      return 0;
    });
  }
  const detached = await described.detach({
    ...options,
    ...(pidFile === undefined ? {} : { pidFile: resolve(pidFile) }),
  });
  if (detached.isErr()) return err(detached.error);
  context.print(detached.value.name);
  return ok(0);
}
