/** Descriptors that become the container's standard streams: files of the host, and /dev/null. */
import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { hintFor, libc } from '@haco/sys';

const O_CLOEXEC = 0o2000000;

let nullFd: number | undefined;

/** `/dev/null`, opened once; nobody closes it. */
export function devNull(): number {
  nullFd ??= openSync('/dev/null', constants.O_RDWR | O_CLOEXEC);
  return nullFd;
}

/** A file that was made for a stream. */
export interface CreatedFile {
  /** Absolute: Node may change its directory meanwhile. */
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A host file as a stream of the container. */
export interface OpenedFile {
  readonly fd: number;
  /** It wasn't there before. */
  readonly created?: CreatedFile;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_APPEND } = constants;

/** For writing; made when it isn't there. Never emptied here: the start may fail yet. */
function openOutput(path: string, flags: number): OpenedFile {
  const created = (fd: number, at: string): OpenedFile => {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return { fd, created: { path: at, dev, ino } };
  };
  try {
    return created(openSync(path, flags | O_CREAT | O_EXCL, 0o644), resolve(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    return { fd: openSync(path, flags) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // A link to what isn't there: it is made where the link leads.
  const fd = openSync(path, flags | O_CREAT, 0o644);
  return created(fd, realpathSync(path));
}

/** Open a host file as a stream of the container. */
export function openFile(path: string, mode: 'read' | 'write' | 'append'): Result<OpenedFile, HacoError> {
  try {
    if (mode === 'read') return ok({ fd: openSync(path, O_RDONLY | O_CLOEXEC) });
    return ok(openOutput(path, O_WRONLY | O_CLOEXEC | (mode === 'append' ? O_APPEND : 0)));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const hint = errno === 'ENOENT' ? 'create it, or its directory, first' : hintFor('openat', errno);
    return err(new IoError({ what: `open for ${mode === 'read' ? 'reading' : 'writing'}`, path, errno, hint }));
  }
}

/** Remove a file that was made for a start that has failed, unless somebody has replaced it or written to it. */
export function removeCreated({ path, dev, ino }: CreatedFile): void {
  try {
    const now = lstatSync(path, { bigint: true });
    if (now.dev === dev && now.ino === ino && now.size === 0n) unlinkSync(path);
  } catch {
    // Gone, or in a directory that is: nothing is left then.
  }
}

/** Close what didn't come from `node:fs`, whatever became of it: in worker threads Node warns of descriptors that it didn't open. */
export function closeQuietly(fd: number): void {
  libc().close(fd);
}

/** Close what {@link openFile} has opened, of which Node keeps a record in worker threads. */
export function closeFile(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Closed already: what was wanted.
  }
}
