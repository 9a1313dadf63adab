/** Directories of a container: what is in them, new ones, and their removal. */
import { closeSync, constants, opendirSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { errnoName } from '@haco/sys';
import { makingAsOwner } from './as-owner.js';
import { makeDirectoryAt, openEntry, unlinkAt, type Name } from './calls.js';
import { checkPath, fileError, nodeError, openFound, type FilesRoot } from './root.js';
import { O_PATH } from '../o-path.js';
import { inParent } from './parent.js';
import { exists, own, type NewFileOptions } from './write.js';

/** Deeper trees would need a descriptor for each level. */
export const deepest = 256;

/** Names in a directory, as bytes; the directory stays the caller's. */
export async function namesIn(fd: number, path: string, limit: number): Promise<Result<readonly Buffer[], HacoError>> {
  const names: Buffer[] = [];
  try {
    // This very directory, through its descriptor: no name is resolved again.
    const directory = opendirSync(`/proc/self/fd/${String(fd)}`, { encoding: 'buffer' as never });
    try {
      for (;;) {
        const entry = await directory.read();
        if (entry === null) return ok(names);
        if (names.length >= limit) return err(tooMany(path, limit));
        names.push(entry.name as unknown as Buffer);
      }
    } finally {
      await directory.close();
    }
  } catch (error) {
    return err(nodeError('list', path, error));
  }
}

/** The error of a directory that is larger than the caller wants. */
export function tooMany(path: string, limit: number): IoError {
  return new IoError({
    what: 'list',
    path,
    errno: 'EFBIG',
    hint: `it has more than ${String(limit)} entries; raise the limit`,
  });
}

/** A directory to read from. */
export function openDirectory(root: FilesRoot, path: string, what: string): Result<number, HacoError> {
  return openFound(root, path, what, constants.O_RDONLY | constants.O_DIRECTORY).map(({ fd }) => fd);
}

/** Make one directory. */
export function makeDirectory(root: FilesRoot, path: string, options: NewFileOptions): Result<void, HacoError> {
  const what = 'make the directory';
  return inParent(root, path, what, (parent, name) => {
    const { mode = 0o755 } = options;
    const made = makingAsOwner(parent, () => makeDirectoryAt(parent, name, mode & 0o7777));
    if (errnoName(-made) === 'EEXIST') return err(exists(path));
    if (made < 0) return err(fileError(what, path, errnoName(-made), 'mkdirat'));
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const fd = openEntry(parent, name, flags, { sameMount: true });
    if (fd < 0) return err(fileError(what, path, errnoName(-fd), 'openat2'));
    try {
      return own(root, fd, path, { ...options, mode });
    } finally {
      closeSync(fd);
    }
  });
}

/** Make a directory and those above it that are missing; one that is there is left as it is. */
export function makeDirectories(root: FilesRoot, path: string, options: NewFileOptions): Result<void, HacoError> {
  return checkPath(path).andThen(() => {
    const words = path.split('/').filter((word) => word !== '');
    for (let count = 1; count <= words.length; count++) {
      const prefix = `/${words.slice(0, count).join('/')}`;
      const there = openDirectory(root, prefix, 'make the directory');
      if (there.isOk()) {
        closeSync(there.value);
        continue;
      }
      if (there.error.kind !== 'not-found') return err(there.error);
      const made = makeDirectory(root, prefix, options);
      if (made.isErr()) return made;
    }
    return ok();
  });
}

async function removeTree(
  directory: number,
  name: Name,
  path: string,
  depth: number,
): Promise<Result<void, HacoError>> {
  const failed = (errno: number, syscall: string): Result<void, HacoError> =>
    err(fileError('remove', path, errnoName(-errno), syscall));
  if (depth > deepest) {
    const hint = `its directories are nested more than ${String(deepest)} deep; remove it by exec()`;
    return err(new IoError({ what: 'remove', path, errno: 'ELOOP', hint }));
  }
  const unlinked = unlinkAt(directory, name, false);
  if (unlinked >= 0) return ok();
  if (errnoName(-unlinked) !== 'EISDIR') return failed(unlinked, 'unlinkat');
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  // Not into what is mounted below: that may be a directory of the host.
  const fd = openEntry(directory, name, flags, { sameMount: true });
  if (fd < 0) return failed(fd, 'openat2');
  try {
    const names = await namesIn(fd, path, Infinity);
    if (names.isErr()) return err(names.error);
    for (const each of names.value) {
      const removed = await removeTree(fd, each, `${path}/${each.toString()}`, depth + 1);
      if (removed.isErr() && removed.error.kind !== 'not-found') return removed;
    }
  } finally {
    closeSync(fd);
  }
  const removed = unlinkAt(directory, name, true);
  return removed < 0 ? failed(removed, 'unlinkat') : ok();
}

/** Remove a file, a link itself, or an empty directory; or with all that is in it. */
export async function removePath(root: FilesRoot, path: string, recursive: boolean): Promise<Result<void, HacoError>> {
  const parent = inParent(root, path, 'remove', (directory, name) => {
    const fd = openEntry(directory, '.', O_PATH | constants.O_DIRECTORY, { sameMount: true });
    return fd < 0 ? err(fileError('remove', path, errnoName(-fd), 'openat2')) : ok({ fd, name });
  });
  if (parent.isErr()) return err(parent.error);
  const { fd, name } = parent.value;
  try {
    if (recursive) return await removeTree(fd, name, path, 0);
    let removed = unlinkAt(fd, name, false);
    if (errnoName(-removed) === 'EISDIR') removed = unlinkAt(fd, name, true);
    return removed < 0 ? err(fileError('remove', path, errnoName(-removed), 'unlinkat')) : ok();
  } finally {
    closeSync(fd);
  }
}
