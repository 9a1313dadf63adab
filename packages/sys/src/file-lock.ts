/** Locks of open files: the kernel lets go of them when the last descriptor is closed, however its owner ends. */
import { err, ok, type Result } from 'neverthrow';
import { errnoName } from './errno.js';
import { rawSyscall } from './libc.js';
import { syscallNumbers } from './codec/numbers.generated.js';

const { fcntl } = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** `struct flock`, from `at` on for `length` bytes, 0: to the end, however long the file gets; see fcntl_locking(2). */
function flock(type: number, at: bigint, length: bigint): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeInt16LE(type, 0);
  bytes.writeBigInt64LE(at, 8);
  bytes.writeBigInt64LE(length, 16);
  return bytes;
}

/**
 * Try to lock bytes of an open file, by default all of it, for writing. True: it is of everybody who has this descriptor, also by
 * inheritance. False: another open file has it. The error is an errno, such as `EBADF` for a descriptor that can't write.
 *
 * @param at - first byte; need not be there
 * @param length - in bytes; 0: all that follow
 * @see F_OFD_SETLK(2const)
 * @example
 * ```ts
 * import { openSync } from 'node:fs';
 * import { tryLock, unlock } from '@haco/sys';
 * const fd = openSync('lock', 'a');
 * if (tryLock(fd).unwrapOr(false)) unlock(fd);
 * ```
 */
export function tryLock(fd: number, at = 0n, length = 0n): Result<boolean, string> {
  const result = rawSyscall(fcntl, fd, F_OFD_SETLK, flock(F_WRLCK, at, length));
  if (result === 0) return ok(true);
  const errno = errnoName(-result);
  return errno === 'EAGAIN' || errno === 'EACCES' ? ok(false) : err(errno);
}

/**
 * Let go of a lock, for everybody who has this descriptor. Closing isn't enough: a program that is started meanwhile has it until the
 * kernel comes to what is close-on-exec, which is after vfork(2) has let its parent go on.
 *
 * @see F_OFD_SETLK(2const)
 */
export function unlock(fd: number): void {
  rawSyscall(fcntl, fd, F_OFD_SETLK, flock(F_UNLCK, 0n, 0n));
}

/** Whether another open file has a lock on this one. Only asks: unlike an attempt to lock, it is in nobody's way. */
export function isLockedByOther(fd: number): boolean {
  const answer = flock(F_WRLCK, 0n, 0n);
  return rawSyscall(fcntl, fd, F_OFD_GETLK, answer) === 0 && answer.readInt16LE(0) !== F_UNLCK;
}
