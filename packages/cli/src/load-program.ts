/** Loading the command line: everything that haco can do, in one file that is there compiled from the second call of a command on. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireCompiled, userCache } from '@haco/sys';
import type * as cli from './cli.js';

/** Beside this file, where the command was built. */
const fileName = 'haco-program.cjs';

/** Load it, for these words. */
export async function loadProgram([word = 'help']: readonly string[]): Promise<typeof cli> {
  const own = fileURLToPath(import.meta.url);
  // In the sources there is nothing built.
  if (!own.endsWith('.cjs')) return import('./cli.js');
  // What is no command has a help text as its answer.
  const use = /^[a-z]{1,16}$/.test(word) ? word : 'help';
  return requireCompiled(join(dirname(own), fileName), { directory: join(userCache(), 'code'), use }) as typeof cli;
}
