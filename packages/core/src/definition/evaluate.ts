/** Evaluates a definition file as it is: TypeScript or JavaScript, without a build step, with this very copy of haco. */
import { extname, join } from 'node:path';
import * as bootstrap from '@haco/bootstrap';
import * as plan from '@haco/plan';
import { inPrivateDirectory, userCache } from '@haco/sys';
import * as neverthrow from 'neverthrow';
import * as core from '../index.js';
import { evaluateAndKeep, evaluateKept } from './kept.js';
import { evaluateNatively } from './native.js';

/** What a definition can import without anything being installed beside it, and what must not exist twice. */
const ownModules = {
  '@haco/core': core,
  '@haco/bootstrap': bootstrap,
  '@haco/plan': plan,
  neverthrow,
};

/** Where translated files are kept; where others can write, none are: what lies there is executed. */
function translations(): string {
  return join(userCache(), 'definitions');
}

/**
 * The module's namespace, or what a CommonJS module exports. Throws what the module throws. Read anew at every call, with what it imports.
 */
export async function evaluate(path: string): Promise<unknown> {
  const native = await evaluateNatively(path, Object.keys(ownModules));
  if (native !== undefined) return native;
  const definition = { path, ownModules, directory: translations() };
  const kept = await evaluateKept(definition);
  if (kept !== undefined) return kept;
  // A tenth of a second for a command that needs none of it.
  const { createJiti } = await import('jiti');
  const options = { moduleCache: false, interopDefault: false, virtualModules: ownModules } as const;
  const translate = (source: string): string =>
    createJiti(path, { ...options, fsCache: false }).transform({
      filename: path,
      source,
      ts: extname(path) !== '.mjs',
      async: true,
    });
  const fsCache = inPrivateDirectory(definition.directory, () => definition.directory) ?? false;
  return (await evaluateAndKeep(definition, translate)) ?? createJiti(path, { ...options, fsCache }).import(path);
}
