/** Directories for what will be executed, or believed: nobody else may have put it there. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { closeSync, constants, fstatSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * Do something in a directory of this user's own. It is made when it is missing, looked at by its descriptor, and handed out as a path
 * through that descriptor (proc(5), `/proc/self/fd`), so it can't be exchanged between the look and the use.
 *
 * @param path - the directory; its parents are made too
 * @param use - gets a path of the same directory that is good until `use` returns
 * @returns what `use` returns; undefined when the directory can't be made, belongs to another user or can be written to by others, or
 *   when there is no procfs
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { inPrivateDirectory } from '@haco/sys';
 *
 * const text = inPrivateDirectory('/tmp/mine', (directory) => readFileSync(`${directory}/answer`, 'utf8'));
 * ```
 */
export function inPrivateDirectory<T>(path: string, use: (directory: string) => T): T | undefined {
  let directory: number | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    directory = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const { uid, mode } = fstatSync(directory);
    if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) return undefined;
    return use(`/proc/self/fd/${String(directory)}`);
  } catch {
    // A full or read-only file system, or nothing there yet.
    return undefined;
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

/**
 * Keep a file in a directory of this user's own ({@link inPrivateDirectory}), whole or not at all: whoever reads it meanwhile sees the one
 * before. What can't be kept isn't.
 *
 * @param path - the directory
 * @param name - of the file in it
 * @param data - its content
 *
 * @example
 * ```ts
 * import { keepPrivately } from '@haco/sys';
 *
 * keepPrivately('/tmp/mine', 'answer', '42');
 * ```
 */
export function keepPrivately(path: string, name: string, data: string | Uint8Array): void {
  inPrivateDirectory(path, (own) => {
    const temporary = `${own}/${name}.${String(process.pid)}`;
    writeFileSync(temporary, data, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, `${own}/${name}`);
  });
}

/**
 * Where haco keeps what can be made again: `haco` in `$XDG_CACHE_HOME`, or in `~/.cache` (XDG Base Directory Specification).
 *
 * @param env - the environment that says where
 *
 * @example
 * ```ts
 * import { userCache } from '@haco/sys';
 *
 * console.log(userCache()); // /home/me/.cache/haco
 * ```
 */
export function userCache(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: xdg } = env;
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'haco');
}
