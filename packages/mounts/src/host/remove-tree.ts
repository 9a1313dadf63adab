/** Removal of a tree that somebody else has made, however deep, without following a link. */
import { constants } from 'node:fs';
import { chmod, open, rename, rmdir, unlink } from 'node:fs/promises';
import type { Directory, RawName } from './entry.js';

/** A directory that its owner may not search can't be emptied; a link in its place is left alone. */
async function makeSearchable(directory: Directory, name: RawName): Promise<void> {
  // O_PATH isn't in Node's constants; it needs no permission on the directory itself.
  const handle = await open(directory.at(name), 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await chmod(`/proc/self/fd/${String(handle.fd)}`, 0o700);
  } finally {
    await handle.close();
  }
}

/**
 * Remove an entry and all in it. Directories are moved up beside the first one before they are emptied: no path gets long, and two
 * directories are open at a time.
 */
export async function removeTree(directory: Directory, name: RawName): Promise<void> {
  const stats = await directory.look(name);
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    await unlink(directory.at(name));
    return;
  }
  const waiting: RawName[] = [name];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if ((((await directory.look(next))?.mode ?? 0) & 0o700) !== 0o700) await makeSearchable(directory, next);
    const inner = await directory.enter(next);
    try {
      for (const each of await inner.names()) {
        const stats = await inner.look(each);
        if (stats?.isDirectory() !== true) {
          await unlink(inner.at(each));
          continue;
        }
        let moved: RawName;
        do moved = `.haco-removed-${String(process.pid)}-${String(count++)}`;
        while ((await directory.look(moved)) !== undefined);
        // A directory that is moved gets another "..", which its owner must be allowed to write.
        if ((stats.mode & 0o700) !== 0o700) await makeSearchable(inner, each);
        await rename(inner.at(each), directory.at(moved));
        waiting.push(moved);
      }
    } finally {
      await inner.close();
    }
    await rmdir(directory.at(next));
  }
}

/** Remove everything in a directory, which stays. */
export async function emptyDirectory(directory: Directory): Promise<void> {
  for (const name of await directory.names()) await removeTree(directory, name);
}
