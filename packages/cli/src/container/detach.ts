/** `haco run --daemon`: a container that survives this terminal. */
import { resolve } from 'node:path';
import { err, ok } from 'neverthrow';
import type { CommandResult } from '../command-line/command.js';
import type { Context } from '../context.js';
import type { Described } from './describe.js';

/** Detach it, and say how it is called. */
export async function detach(
  context: Context,
  { builder, definition, changed }: Described,
  { pidFile, replace }: { readonly pidFile: string | undefined; readonly replace: boolean },
): Promise<CommandResult> {
  const detached = await builder.detach({
    replace,
    ...(pidFile === undefined ? {} : { pidFile: resolve(pidFile) }),
    // A supervisor that reads the definition would not know of what the command line has changed.
    ...(definition === undefined || changed ? {} : { definition }),
  });
  if (detached.isErr()) return err(detached.error);
  context.print(detached.value.name);
  return ok(0);
}
