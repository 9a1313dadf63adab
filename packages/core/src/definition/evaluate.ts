/** Evaluates a definition file as it is: TypeScript or JavaScript, without a build step, with this very copy of haco. */
import { lstatSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as bootstrap from '@haco/bootstrap';
import * as plan from '@haco/plan';
import * as neverthrow from 'neverthrow';
import * as core from '../index.js';
import { evaluateNatively } from './native.js';

/** What a definition can import without anything being installed beside it, and what must not exist twice. */
const ownModules = {
  '@haco/core': core,
  '@haco/bootstrap': bootstrap,
  '@haco/plan': plan,
  neverthrow,
};

/** Where translated files are kept: a directory that only this user can write to, as what lies there is executed. */
function cacheDirectory(): string | false {
  const { XDG_CACHE_HOME: xdg } = process.env;
  try {
    const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
    const directory = join(base, 'haco', 'definitions');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(directory);
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? directory : false;
  } catch {
    // A home that is read-only or full: translated each time.
    return false;
  }
}

/**
 * The module's namespace, or what a CommonJS module exports. Throws what the module throws. Read anew at every call, with what it imports.
 */
export async function evaluate(path: string): Promise<unknown> {
  const native = await evaluateNatively(path, Object.keys(ownModules));
  if (native !== undefined) return native;
  // A tenth of a second for a command that needs none of it.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(path, {
    fsCache: cacheDirectory(),
    moduleCache: false,
    interopDefault: false,
    virtualModules: ownModules,
  });
  return jiti.import(path);
}
