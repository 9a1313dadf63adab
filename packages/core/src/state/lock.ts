/** Locks that the kernel lets go of when their owner ends, however it ends: on an open file, so that they can be handed to a child. */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { hintFor, isLockedByOther, rawSyscall, syscallNumbers, tryLock, unlock } from '@haco/sys';

const { fcntl } = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const O_CLOEXEC = 0o2000000;
const F_SETFD = 2;

/** Whether somebody has locked the file at this path. Only asks: unlike an attempt to lock, it is in nobody's way. */
export function isLocked(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC);
  } catch {
    return false;
  }
  try {
    return isLockedByOther(fd);
  } finally {
    closeSync(fd);
  }
}

/** Keep a descriptor that was inherited from the programs that this process starts. */
export function closeOnExec(fd: number): void {
  rawSyscall(fcntl, fd, F_SETFD, 1);
}

/** The descriptor of a lock that is ours now; undefined: somebody else has it. */
export function takeLock(path: string): Result<number | undefined, HacoError> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC;
  for (;;) {
    let fd: number;
    try {
      fd = openSync(path, flags, 0o600);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      return err(new IoError({ what: 'open the lock', path, errno, hint: hintFor('openat', errno) }));
    }
    const locked = tryLock(fd);
    if (locked.isOk() && locked.value && isAt(fd, path)) return ok(fd);
    closeSync(fd);
    if (locked.isErr()) {
      return err(new IoError({ what: 'lock', path, errno: locked.error, hint: hintFor('fcntl', locked.error) }));
    }
    if (!locked.value) return ok(undefined);
    // Who had it before has removed the container meanwhile: this file is nobody's any more.
  }
}

/** Let go of a lock, also for a child that has it: not for who has handed it to one. */
export function releaseLock(fd: number): void {
  unlock(fd);
  closeSync(fd);
}

function isAt(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd), statSync(path)];
    return open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}
