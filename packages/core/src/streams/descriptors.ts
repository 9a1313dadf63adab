/** Descriptors that become the container's standard streams: files of the host, and /dev/null. */
import { closeSync, constants, openSync } from 'node:fs';
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

/** Open a host file as a stream of the container. */
export function openFile(path: string, mode: 'read' | 'write' | 'append'): Result<number, HacoError> {
  const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants;
  const flags = { read: O_RDONLY, write: O_WRONLY | O_CREAT | O_TRUNC, append: O_WRONLY | O_CREAT | O_APPEND }[mode];
  try {
    return ok(openSync(path, flags | O_CLOEXEC, 0o644));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const hint = errno === 'ENOENT' ? 'create it, or its directory, first' : hintFor('openat', errno);
    return err(new IoError({ what: `open for ${mode === 'read' ? 'reading' : 'writing'}`, path, errno, hint }));
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
