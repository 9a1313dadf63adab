/** Loading what few commands need, with its compiled code kept between two calls: compiling is most of what a call would cost. */
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';
import type * as heavy from './heavy.js';

/** What the file gives. */
export type Heavy = typeof heavy;

/** Beside this file, where the program was built. */
const fileName = 'haco-oci-heavy.cjs';

/** No id of a container has a colon. */
const cacheName = '.code:';

/** A directory that only we can write to: what lies in it is executed. */
function ownDirectory(root: string): string | undefined {
  try {
    const path = join(root, cacheName);
    mkdirSync(root, { recursive: true, mode: 0o711 });
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return undefined;
    }
    const { uid, mode } = lstatSync(path);
    const { uid: above, mode: aboveMode } = lstatSync(root);
    const own = process.geteuid?.() ?? -1;
    const safe =
      lstatSync(path).isDirectory() &&
      uid === own &&
      (mode & 0o022) === 0 &&
      above === own &&
      (aboveMode & 0o022) === 0;
    return safe ? path : undefined;
  } catch {
    return undefined;
  }
}

function readOr(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Keep it for the next call; without it, that is only slower. */
function keep(path: string, data: Buffer): void {
  try {
    const temporary = `${path}.${String(process.pid)}`;
    writeFileSync(temporary, data, { mode: 0o600, flag: 'wx' });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch {
    // A full or read-only file system.
  }
}

function loadBuilt(file: string, root: string): Heavy {
  const directory = ownDirectory(root);
  const { mtimeMs, size } = statSync(file);
  // Another Node, another build: V8 looks at its own version and the length of the source only.
  const cache =
    directory === undefined
      ? undefined
      : join(directory, `${process.version}-${String(Math.trunc(mtimeMs))}-${String(size)}`);
  const cachedData = cache === undefined ? undefined : readOr(cache);
  const script = new Script(wrap(readFileSync(file, 'utf8')), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (cache !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    // At the end, with the functions that were used.
    process.once('exit', () => keep(cache, script.createCachedData()));
  }
  const module = { exports: {} as Heavy };
  const define = script.runInThisContext() as (...args: readonly unknown[]) => void;
  define.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** Load it. */
export async function loadHeavy(root: string): Promise<Heavy> {
  const own = fileURLToPath(import.meta.url);
  // In the sources there is nothing built.
  return own.endsWith('.cjs') ? loadBuilt(join(dirname(own), fileName), root) : import('./heavy.js');
}
