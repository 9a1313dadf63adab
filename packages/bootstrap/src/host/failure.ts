/** Turns what Node throws into the errors of haco, in one place. */
import { type HacoError, IoError, PermissionError, StateError } from '@haco/plan';
import { ResultAsync } from 'neverthrow';

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'the file system is full; free some space or choose another place',
  EDQUOT: 'the disk quota is used up; free some space or choose another place',
  EROFS: 'the file system is read-only; choose another place',
  ENAMETOOLONG: 'a name is longer than the file system takes',
  ENOENT: 'a directory on the way is missing, or /proc is not mounted',
  ENOTDIR: 'something on the way is not a directory',
  ELOOP: 'something on the way is a symbolic link where none may be',
  EBUSY: 'something is mounted there; unmount it first',
  EXDEV: 'it is a mount point of its own; choose a directory below it',
  EMFILE: 'too many files are open; raise RLIMIT_NOFILE',
  EINVAL: 'the kernel takes no such value there; in a user namespace the id may not be mapped',
  EIO: 'the disk reported a failure',
};

/** The errno name of what Node threw; undefined for anything else, e.g. zlib's errors. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  return /^E[A-Z0-9]+$/.test(thrown.code) ? thrown.code : undefined;
}

/** Whether it is one of our own errors already. */
export function isHacoError(thrown: unknown): thrown is HacoError {
  return thrown instanceof Error && 'kind' in thrown && 'cleanup' in thrown;
}

/** `what` was tried on `path`, e.g. `unpack` on an archive, when this was thrown. */
export function toHacoError(thrown: unknown, what: string, path: string): HacoError {
  if (isHacoError(thrown)) return thrown;
  const errno = errnoOf(thrown);
  if (errno === 'EACCES' || errno === 'EPERM') {
    const said = thrown instanceof Error ? thrown.message : errno;
    return new PermissionError({
      what: `${what} ${path}`,
      missing: `the kernel said ${said}`,
      remedy: 'choose a place that you may write to, or run as root',
    });
  }
  if (errno !== undefined) {
    return new IoError({ what, path, errno, hint: hints[errno] ?? 'see errno(3) for what this means' });
  }
  return new IoError({ what, path, errno: '', hint: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** An asynchronous function whose exceptions are reasons of the world, as a Result. */
export function attempt(run: () => Promise<void>, what: string, path: string): ResultAsync<void, HacoError> {
  return ResultAsync.fromPromise(run(), (thrown) => toHacoError(thrown, what, path));
}

/** The error of work that was cancelled. */
export function cancelled(target: string): StateError {
  return new StateError({
    what: `make the root filesystem ${target}`,
    state: 'it is being cancelled',
    remedy: 'its AbortSignal was raised; nothing of it was left',
  });
}
