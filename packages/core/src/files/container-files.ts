/** The files of a container, from outside: `container.files`, and of a root directory that nobody runs in. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import {
  InvalidSpecError,
  issue,
  parseBytes,
  type HacoError,
  type IdRange,
  type Size,
  nothing,
  plain,
} from '@haco/plan';
import { openEntry, readLink } from './calls.js';
import { copyIn, copyOut, type CopyReport } from './copy.js';
import { makeDirectories, makeDirectory, namesIn, openDirectory, removePath } from './directory.js';
import { inside } from './owner.js';
import { readStream, readWhole } from './read.js';
import { locate, nodeError, typeOf, type FilesRoot, type FileType } from './root.js';
import { O_PATH } from '../o-path.js';
import { watch, type FileEvent } from './watch.js';
import { openToWrite, writeAll, type NewFileOptions } from './write.js';

const defaultLimit = 64 * 1024 ** 2;
const defaultCopyLimit = 1024 ** 3;
const defaultEntries = 100_000;

/** What is under a path. */
export interface FileInfo {
  readonly type: FileType;
  /** Bytes. */
  readonly size: number;
  /** Permission bits, set-uid and the like included, e.g. `0o644`. */
  readonly mode: number;
  /** As seen inside; 65534 for somebody who doesn't exist there. */
  readonly uid: number;
  /** As `uid`. */
  readonly gid: number;
  /** Time of the last change of its content, in milliseconds since 1970. */
  readonly mtimeMs: number;
  readonly inode: number;
  /** Where a link leads, as it is written. */
  readonly target?: string;
}

/** One entry of a directory. */
export interface DirectoryEntry {
  /** What isn't UTF-8 in it is shown as U+FFFD. */
  readonly name: string;
  readonly type: FileType;
}

/** Options of `write()`. */
export interface WriteOptions extends NewFileOptions {
  /** `replace` what is there, `append` to it, or `create`: refuse when something is there. */
  readonly how?: 'replace' | 'append' | 'create';
  /** Most bytes; 1 GiB without it. */
  readonly limit?: Size;
}

/** Options of `copyIn()` and `copyOut()`. */
export interface CopyOptions {
  /** Most bytes of all files together; 1 GiB without it. */
  readonly limit?: Size;
  /** Most files, directories and links; 100,000 without it. */
  readonly entries?: number;
}

const nobody = 65_534;

function bytesOf(limit: Size | undefined, fallback: number): Result<number, HacoError> {
  if (limit === undefined) return ok(fallback);
  return parseBytes(limit).mapErr((message) => new InvalidSpecError({ issues: [issue('limit', message)] }));
}

/**
 * Files of a container, as seen from inside: paths are absolute there, and links never lead out (`openat2(2)`, `RESOLVE_IN_ROOT`). What
 * is mounted in the container is seen, too. Only regular files are opened: a device or a fifo in their place is an error.
 *
 * Everything is done with the rights of this process, not with those of the container.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * await using container = await orThrow(haco().unshare('pid').command('server').start());
 * await orThrow(container.files.write('/etc/motd', 'hello\n'));
 * const motd = await orThrow(container.files.readText('/etc/motd'));
 * await orThrow(container.files.copyOut('/var/log', '/tmp/logs'));
 * ```
 */
export class ContainerFiles {
  readonly #root: FilesRoot;

  constructor(root: FilesRoot) {
    this.#root = root;
  }

  /**
   * The content of a regular file. Errors: `not-found`; `io`, e.g. EFBIG when it has more than the limit, now or while it is read.
   *
   * @param options - `limit`: most bytes, 64 MiB without it
   */
  read(path: string, options: { readonly limit?: Size } = nothing): ResultAsync<Buffer, HacoError> {
    return this.#do(async () => {
      const limit = bytesOf(plain(options).limit, defaultLimit);
      return limit.isErr() ? err(limit.error) : readWhole(this.#root, path, limit.value);
    });
  }

  /** As {@link ContainerFiles.read}, as UTF-8. */
  readText(path: string, options: { readonly limit?: Size } = nothing): ResultAsync<string, HacoError> {
    return this.read(path, options).map((content) => content.toString('utf8'));
  }

  /** The content of a regular file as a stream, without a limit. Read it to its end or destroy it. Errors: as `read()`. */
  readStream(path: string): Result<Readable, HacoError> {
    return readStream(this.#root, path);
  }

  /**
   * Write a regular file; the number of bytes. A new one belongs to root of the container, or to the user that is given; one that is
   * there keeps owner and mode.
   *
   * Errors: `not-found`, when its directory isn't there; `conflict`; `permission`; `io`, e.g. EFBIG. What was written by then stays.
   */
  write(
    path: string,
    data: string | Uint8Array | Readable,
    options: WriteOptions = nothing,
  ): ResultAsync<number, HacoError> {
    return this.#do(async () => {
      const given = plain(options);
      const limit = bytesOf(given.limit, defaultCopyLimit);
      if (limit.isErr()) return err(limit.error);
      const opened = openToWrite(this.#root, path, { ...given, how: given.how ?? 'replace' });
      return opened.isErr() ? err(opened.error) : writeAll(opened.value, path, data, limit.value);
    });
  }

  /**
   * What is in a directory, sorted by name. Errors: `not-found`; `io`, e.g. EFBIG when it has more entries than the limit.
   *
   * @param options - `limit`: most entries, 100,000 without it
   */
  list(
    path: string,
    options: { readonly limit?: number } = nothing,
  ): ResultAsync<readonly DirectoryEntry[], HacoError> {
    return this.#do(async () => {
      const opened = openDirectory(this.#root, path, 'list');
      if (opened.isErr()) return err(opened.error);
      const directory = opened.value;
      try {
        return (await namesIn(directory, path, plain(options).limit ?? defaultEntries)).map((names) =>
          names
            .flatMap((name) => {
              const fd = openEntry(directory, name, O_PATH | constants.O_NOFOLLOW, { sameMount: false });
              // It has gone meanwhile.
              if (fd < 0) return [];
              const entry: DirectoryEntry = { name: name.toString('utf8'), type: typeOf(fstatSync(fd)) };
              closeSync(fd);
              return [entry];
            })
            .sort((a, b) => (a.name < b.name ? -1 : 1)),
        );
      } finally {
        closeSync(directory);
      }
    });
  }

  /**
   * What is under a path. Errors: `not-found`, `io`.
   *
   * @param options - `follow`: false for a link itself
   */
  stat(path: string, options: { readonly follow?: boolean } = nothing): Result<FileInfo, HacoError> {
    return locate(this.#root, path, { what: 'look at', follow: plain(options).follow ?? true }).map(({ fd, stat }) => {
      const owners = this.#root.owners();
      const target = stat.isSymbolicLink() ? readLink(fd)?.toString('utf8') : undefined;
      closeSync(fd);
      return {
        type: typeOf(stat),
        size: stat.size,
        mode: stat.mode & 0o7777,
        uid: owners === undefined ? stat.uid : (inside(owners.uid, stat.uid) ?? nobody),
        gid: owners === undefined ? stat.gid : (inside(owners.gid, stat.gid) ?? nobody),
        mtimeMs: stat.mtimeMs,
        inode: stat.ino,
        ...(target === undefined ? {} : { target }),
      };
    });
  }

  /**
   * Make a directory. Errors: `conflict`, when something is there already (with `recursive`, a directory may be); `not-found`,
   * when the one above is missing; `permission`; `io`.
   */
  mkdir(path: string, options: NewFileOptions & { readonly recursive?: boolean } = nothing): Result<void, HacoError> {
    return plain(options).recursive === true
      ? makeDirectories(this.#root, path, options)
      : makeDirectory(this.#root, path, options);
  }

  /**
   * Remove a file, a link itself, or an empty directory; with `recursive` a directory and all that is in it, but for what is mounted
   * there. Errors: `not-found`; `io`, e.g. EXDEV at a mount.
   */
  remove(path: string, options: { readonly recursive?: boolean } = nothing): ResultAsync<void, HacoError> {
    return this.#do(() => removePath(this.#root, path, plain(options).recursive ?? false));
  }

  /**
   * Copy a file or a directory of the host to a name in the container; into a directory that is there, what is new is added. Links are
   * copied as links. New files belong to root of the container, or to the user that is given.
   *
   * Errors: `not-found`, `conflict`, `permission`, `io`. What was copied by then stays.
   */
  copyIn(
    source: string,
    target: string,
    options: CopyOptions & Pick<NewFileOptions, 'uid' | 'gid'> = nothing,
  ): ResultAsync<CopyReport, HacoError> {
    const { limit, entries = defaultEntries, ...owner } = plain(options);
    return this.#do(async () => {
      const bytes = bytesOf(limit, defaultCopyLimit);
      if (bytes.isErr()) return err(bytes.error);
      return copyIn(this.#root, source, target, owner, { bytes: bytes.value, entries });
    });
  }

  /**
   * Copy a file or a directory of the container to a name on the host that isn't there yet. What is made belongs to the caller, without
   * set-uid bits; links are copied as they are, so they may lead anywhere: don't follow them.
   *
   * Errors: `not-found`, `conflict`, `io`. Whole files that were copied by then stay.
   */
  copyOut(source: string, target: string, options: CopyOptions = nothing): ResultAsync<CopyReport, HacoError> {
    return this.#do(async () => {
      const bytes = bytesOf(plain(options).limit, defaultCopyLimit);
      if (bytes.isErr()) return err(bytes.error);
      return copyOut(this.#root, source, target, {
        bytes: bytes.value,
        entries: plain(options).entries ?? defaultEntries,
      });
    });
  }

  /**
   * Changes of a file or in a directory from now on; not in the directories below it. Leave the loop or abort the signal to end it.
   *
   * Errors: `not-found`, `io`.
   *
   * @see inotify(7)
   */
  watch(
    path: string,
    options: { readonly signal?: AbortSignal } = nothing,
  ): Result<AsyncIterableIterator<FileEvent>, HacoError> {
    return watch(this.#root, path, plain(options).signal);
  }

  #do<T>(work: () => Promise<Result<T, HacoError>>): ResultAsync<T, HacoError> {
    return new ResultAsync(work());
  }
}

/**
 * The files of a root directory in which nothing runs (or whatever runs): an extracted image, the root of a container that has ended.
 *
 * @param root - path of the directory on the host
 * @param owners - how ids inside are called outside, as `mapUsers()` takes them; without it they are the same
 *
 * @example
 * ```ts
 * import { filesOf, orThrow } from '@haco/core';
 * const passwd = await orThrow(filesOf('/srv/roots/debian').readText('/etc/passwd', { limit: '1MiB' }));
 * ```
 */
export function filesOf(
  root: string,
  owners?: { readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] },
): ContainerFiles {
  return new ContainerFiles({
    owners: () => owners,
    open: () => {
      try {
        return ok(openSync(root, O_PATH | constants.O_DIRECTORY));
      } catch (error) {
        return err(nodeError('open the root directory', root, error));
      }
    },
  });
}
