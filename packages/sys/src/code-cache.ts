/** Loading a large program with its compiled code kept from the last time: compiling is most of what a short call of it would cost. */
import { isAscii } from 'node:buffer';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import { inPrivateDirectory, keepPrivately } from './private-directory.js';

/** Where compiled code is kept, and under which name. */
export interface CodeCache {
  /** A directory of this user's own, which is made when it is missing; nothing is kept where others can write. */
  readonly directory: string;
  /** What the program is called for, e.g. the name of a subcommand: each use has other functions compiled. Letters, digits and `-`. */
  readonly use: string;
}

/**
 * `require()` for one large CommonJS file without side effects on others, with V8's code cache: the functions that the last process of this
 * use needed are there compiled. Without a cache, or with one of another Node or another build, it is only slower. The file has no
 * `import()` of its own: V8 forgets how to answer it when code comes from a cache.
 *
 * @param file - absolute path of the file
 * @param cache - where the code is kept
 * @returns what the file exports
 * @throws what the file throws, or what reading it fails with
 *
 * @example
 * ```ts
 * import { requireCompiled } from '@haco/sys';
 *
 * const program = requireCompiled('/opt/tool/dist/program.cjs', { directory: '/root/.cache/tool', use: 'build' });
 * ```
 */
export function requireCompiled(file: string, { directory, use }: CodeCache): unknown {
  const { ino, ctimeMs, size } = statSync(file);
  const family = `${use}-${process.version}-`;
  // The time of the last change of the inode, not of the content: archives of npm give all their files the same one.
  const name = `${family}${String(ino)}-${String(Math.trunc(ctimeMs))}-${String(size)}`;
  const isName = /^[\w.-]+$/.test(name);
  const cachedData = isName ? inPrivateDirectory(directory, (own) => readFileSync(`${own}/${name}`)) : undefined;
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readText(file)}\n})`, {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (isName && (cachedData === undefined || script.cachedDataRejected === true)) {
    // At the end, with the functions that were used.
    process.once('exit', () => {
      keepPrivately(directory, name, script.createCachedData());
      dropOthers(directory, family, name);
    });
  }
  const module = { exports: {} as unknown };
  const define = script.runInThisContext() as (...args: readonly unknown[]) => void;
  define.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** Latin-1 for what is ASCII: a tenth of the time for a file of megabytes (1 of 10 ms for 1.7 MB, Node 20). */
function readText(file: string): string {
  const bytes = readFileSync(file);
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}

/** What an earlier build has left for the same use and the same Node. */
function dropOthers(directory: string, family: string, name: string): void {
  inPrivateDirectory(directory, (own) => {
    for (const old of readdirSync(own)) {
      if (old.startsWith(family) && old !== name) rmSync(`${own}/${old}`, { force: true });
    }
  });
}
