/** Evaluates a definition file as it is: TypeScript or JavaScript, without a build step, with this very copy of haco. */
import { extname, join } from 'node:path';
import * as bootstrap from '@haco/bootstrap';
import * as plan from '@haco/plan';
import { inPrivateDirectory, userCache } from '@haco/sys';
import * as neverthrow from 'neverthrow';
import * as core from '../index.js';
import { evaluateKept } from './kept.js';
import { evaluateNatively } from './native.js';

/** What a definition can import without anything being installed beside it, and what must not exist twice. */
const ownModules = {
  '@haco/core': core,
  '@haco/bootstrap': bootstrap,
  '@haco/plan': plan,
  neverthrow,
};

/** A tenth of a second for a command that needs none of it. */
async function translator(path: string, fsCache: string | false) {
  const { createJiti } = await import('jiti');
  return createJiti(path, { fsCache, moduleCache: false, interopDefault: false, virtualModules: ownModules });
}

/**
 * The module's namespace, or what a CommonJS module exports. Throws what the module throws. Read anew at every call, with what it imports.
 */
export async function evaluate(path: string): Promise<unknown> {
  const native = await evaluateNatively(path, Object.keys(ownModules));
  if (native !== undefined) return native;
  // Where others can write, nothing is kept: what lies there is executed.
  const directory = join(userCache(), 'definitions');
  const kept = await evaluateKept({ path, ownModules, directory }, async (source) =>
    (await translator(path, false)).transform({ filename: path, source, ts: extname(path) !== '.mjs', async: true }),
  );
  if (kept !== undefined) return kept;
  const own = inPrivateDirectory(directory, () => directory) ?? false;
  return (await translator(path, own)).import(path);
}
