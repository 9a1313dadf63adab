/** Loading what few commands need, with its compiled code kept between two calls. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireCompiled } from '@haco/sys';
import type * as heavy from './heavy.js';

/** What the file gives. */
export type Heavy = typeof heavy;

/** Beside this file, where the program was built. */
const fileName = 'haco-oci-heavy.cjs';

/** No id of a container has a colon. */
const cacheName = '.code:';

/**
 * Load it.
 *
 * @param root - directory of the states of containers, in which the code is kept
 * @param use - what for
 */
export async function loadHeavy(
  root: string,
  use: 'start-hooks' | Exclude<keyof Heavy, 'runStartHooks'>,
): Promise<Heavy> {
  const own = fileURLToPath(import.meta.url);
  // In the sources there is nothing built.
  if (!own.endsWith('.cjs')) return import('./heavy.js');
  try {
    mkdirSync(root, { recursive: true, mode: 0o711 });
  } catch {
    // Then nothing is kept.
  }
  return requireCompiled(join(dirname(own), fileName), { directory: join(root, cacheName), use }) as Heavy;
}
