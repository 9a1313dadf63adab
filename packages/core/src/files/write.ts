/** Writing a file of a container: a new one belongs to somebody of the container, not to the caller. */
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, write } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { err, ok, type Result } from 'neverthrow';
import { ConflictError, IoError, PermissionError, type HacoError, plain } from '@haco/plan';
import { errnoName } from '@haco/sys';
import { makingAsOwner } from './as-owner.js';
import { openEntry } from './calls.js';
import { inParent } from './parent.js';
import { outside } from './owner.js';
import { tooLarge } from './read.js';
import { fileError, locate, nodeError, reopen, type FilesRoot } from './root.js';

const writeAsync = promisify(write);

/** Whose a new file is, and who may what. */
export interface NewFileOptions {
  /** User inside; root without it. */
  readonly uid?: number;
  /** Group inside; root's without it. */
  readonly gid?: number;
  /** Permission bits, whatever the umask; 0o644 for files and 0o755 for directories without it. */
  readonly mode?: number;
}

/** Give what was just made to somebody of the container. One call on one descriptor: nobody else's files change. */
export function own(root: FilesRoot, fd: number, path: string, options: NewFileOptions): Result<void, HacoError> {
  const { uid, gid, mode } = plain(options);
  const owners = root.owners();
  const { uid: nowUid, gid: nowGid } = fstatSync(fd);
  const wanted = {
    uid: owners === undefined ? (uid ?? nowUid) : outside(owners.uid, uid ?? 0),
    gid: owners === undefined ? (gid ?? nowGid) : outside(owners.gid, gid ?? 0),
  };
  const denied = (missing: string): Result<void, HacoError> =>
    err(
      new PermissionError({
        what: `give ${path} to user ${String(uid ?? 0)} and group ${String(gid ?? 0)} of the container`,
        missing,
        remedy: 'run as root, leave uid and gid out, or write it by exec() as that user',
      }),
    );
  if (wanted.uid === undefined || wanted.gid === undefined) return denied('its user namespace has no such id');
  try {
    if (wanted.uid !== nowUid || wanted.gid !== nowGid) fchownSync(fd, wanted.uid, wanted.gid);
    if (mode !== undefined) fchmodSync(fd, mode);
    return ok();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return denied('that takes CAP_CHOWN on the host');
    return err(nodeError('give away', path, error));
  }
}

/** How to write. */
export interface OpenToWrite extends NewFileOptions {
  readonly how: 'replace' | 'append' | 'create';
}

/** A descriptor to write to: of the regular file that is there, or of a new one. */
export function openToWrite(root: FilesRoot, path: string, options: OpenToWrite): Result<number, HacoError> {
  const what = 'write';
  const { how, mode = 0o644 } = plain(options);
  const found = locate(root, path, { what });
  if (found.isOk()) {
    if (how === 'create') {
      closeSync(found.value.fd);
      return err(exists(path));
    }
    const flags = constants.O_WRONLY | (how === 'append' ? constants.O_APPEND : constants.O_TRUNC);
    const opened = reopen(found.value, path, what, flags);
    closeSync(found.value.fd);
    return opened;
  }
  if (found.error.kind !== 'not-found') return err(found.error);
  return inParent(root, path, what, (parent, name) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOCTTY;
    const create = { sameMount: true, mode: mode & 0o7777 };
    const fd = makingAsOwner(parent, () => openEntry(parent, name, flags, create));
    // Somebody was quicker, or it is a link that leads nowhere.
    if (errnoName(-fd) === 'EEXIST') return err(exists(path));
    if (fd < 0) return err(fileError(what, path, errnoName(-fd), 'openat2'));
    const owned = own(root, fd, path, { ...options, mode });
    if (owned.isErr()) closeSync(fd);
    return owned.map(() => fd);
  });
}

/** The error of a name that is taken. */
export function exists(path: string): ConflictError {
  return new ConflictError({
    what: 'name',
    subject: path,
    remedy: 'something is there already; remove it first, or take another name',
  });
}

async function* chunksOf(data: string | Uint8Array | Readable): AsyncGenerator<Uint8Array> {
  if (typeof data === 'string') yield Buffer.from(data);
  else if (data instanceof Uint8Array) yield data;
  else for await (const chunk of data) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
}

/** Write everything, up to the limit; the number of bytes. The descriptor is closed. */
export async function writeAll(
  fd: number,
  path: string,
  data: string | Uint8Array | Readable,
  limit: number,
): Promise<Result<number, HacoError>> {
  let total = 0;
  try {
    for await (const chunk of chunksOf(data)) {
      total += chunk.length;
      if (total > limit) return err(tooLarge('write', path, limit));
      for (let at = 0; at < chunk.length;) {
        const { bytesWritten } = await writeAsync(fd, chunk, at, chunk.length - at, null);
        at += bytesWritten;
      }
    }
    return ok(total);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && code.startsWith('E') && !code.startsWith('ERR_'))
      return err(nodeError('write', path, error));
    const hint = `the stream that was given says: ${error instanceof Error ? error.message : String(error)}`;
    return err(new IoError({ what: 'write', path, errno: '', hint }));
  } finally {
    closeSync(fd);
  }
}
