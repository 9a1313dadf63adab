/** Locks that the kernel lets go of when their owner ends, however it ends: on an open file, so that they can be handed to a child. */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, rawSyscall, syscallNumbers } from '@haco/sys';

const { fcntl } = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;
const O_CLOEXEC = 0o2000000;
const F_SETFD = 2;

/** `struct flock` over the whole file; see fcntl_locking(2). */
function wholeFile(type: number): Buffer {
  const flock = Buffer.alloc(32);
  flock.writeInt16LE(type, 0);
  return flock;
}

/**
 * Try to lock an open file. True: it is ours, and of everybody who inherits this descriptor. False: somebody else has it.
 *
 * @see F_OFD_SETLK(2const)
 */
export function tryLock(fd: number): Result<boolean, HacoError> {
  const result = rawSyscall(fcntl, fd, F_OFD_SETLK, wholeFile(F_WRLCK));
  if (result === 0) return ok(true);
  const errno = errnoName(-result);
  if (errno === 'EAGAIN' || errno === 'EACCES') return ok(false);
  return err(new IoError({ what: 'lock', path: `descriptor ${String(fd)}`, errno, hint: hintFor('fcntl', errno) }));
}

/** Whether somebody has locked the file at this path. Only asks: unlike an attempt to lock, it is in nobody's way. */
export function isLocked(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC);
  } catch {
    return false;
  }
  try {
    const flock = wholeFile(F_WRLCK);
    return rawSyscall(fcntl, fd, F_OFD_GETLK, flock) === 0 && flock.readInt16LE(0) !== F_UNLCK;
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
    if (locked.isErr() || !locked.value) {
      closeSync(fd);
      return locked.map(() => undefined);
    }
    if (isAt(fd, path)) return ok(fd);
    // Who had it before has removed the container meanwhile: this file is nobody's any more.
    closeSync(fd);
  }
}

function isAt(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd), statSync(path)];
    return open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}
