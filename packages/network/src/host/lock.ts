/** One at a time, over all processes: a kernel lock on the directory of the state. */
import { chmodSync, closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { IoError, TimeoutError, type HacoError } from '@haco/plan';
import { checkLibc, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';

const LOCK_EX = 2;
const LOCK_NB = 4;
const EAGAIN = 11;
const EINTR = 4;
const patienceMs = 30_000;

/** The error of something that `node:fs` threw. */
export function ioError(what: string, path: string, error: unknown): IoError {
  const errno = (error as { readonly code?: string }).code ?? '';
  return new IoError({ what, path, errno, hint: 'check that the directory is there and belongs to this user' });
}

/** Whether others could put another directory in the place of ours: in `/tmp` they can, unless the one above is ours as well. */
function isTrusted(directory: string): boolean {
  const above = lstatSync(directory.slice(0, directory.lastIndexOf('/')));
  return above.isDirectory() && (above.uid === 0 || above.uid === process.geteuid?.()) && (above.mode & 0o022) === 0;
}

/** The directory, with `etc` below; containers whose root is nobody must be able to walk through it, but not to list it. */
function openDirectory(directory: string): Result<number, HacoError> {
  try {
    for (const each of [directory, `${directory}/etc`]) {
      if (mkdirSync(each, { recursive: true, mode: 0o711 }) !== undefined) chmodSync(each, 0o711);
    }
    const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const { uid } = fstatSync(fd);
    if (uid === process.geteuid?.() && isTrusted(directory)) return ok(fd);
    closeSync(fd);
    return err(
      new IoError({
        what: 'trust',
        path: directory,
        errno: '',
        hint: `others may change it, or what is above it (it belongs to user ${String(uid)}); remove it, or set XDG_RUNTIME_DIR`,
      }),
    );
  } catch (error) {
    return err(ioError('use the directory', directory, error));
  }
}

/** Those of this process, which would only wake each other up in vain. */
const queues = new Map<string, Promise<unknown>>();

/** Do something while no other start, here or in another process, changes networks. */
export async function withLock<T>(
  directory: string,
  action: () => PromiseLike<Result<T, HacoError>>,
): Promise<Result<T, HacoError>> {
  const earlier = queues.get(directory) ?? Promise.resolve();
  const mine = earlier.then(() => locked(directory, action));
  const settled = mine.catch(() => undefined);
  queues.set(directory, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(directory) === settled) queues.delete(directory);
  }
}

async function locked<T>(
  directory: string,
  action: () => PromiseLike<Result<T, HacoError>>,
): Promise<Result<T, HacoError>> {
  const opened = checkLibc().andThen(() => openDirectory(directory));
  if (opened.isErr()) return err(opened.error);
  const fd = opened.value;
  const number = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'].flock;
  const deadline = performance.now() + patienceMs;
  try {
    for (;;) {
      const result = rawSyscall(number, fd, LOCK_EX | LOCK_NB);
      if (result === 0) return await action();
      if (result !== -EAGAIN && result !== -EINTR) {
        return err(ioError('lock', directory, { code: `errno ${String(-result)}` }));
      }
      if (performance.now() > deadline) {
        return err(new TimeoutError({ what: `the lock of ${directory}`, timeoutMs: patienceMs }));
      }
      // The kernel could wait for us, but only by blocking Node's thread.
      await sleep(1);
    }
  } finally {
    // Closing gives the lock back.
    closeSync(fd);
  }
}
