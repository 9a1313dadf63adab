/** Pipes, for who hands an end of one to a container. */
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName } from './errno.js';
import { hintFor } from './hint.js';
import { libc } from './libc.js';

const O_CLOEXEC = 0o2000000;
const fds = Buffer.alloc(8);

/** Both ends of a pipe. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/**
 * A pipe, both ends close-on-exec; the caller closes them. Errors: `syscall`, when no descriptor is left.
 *
 * @param step - what it is for, for the error
 * @see pipe2(2)
 */
export function makePipe(step: string): Result<Pipe, HacoError> {
  if (libc().pipe2(fds, O_CLOEXEC) < 0) {
    const errno = errnoName(libc().errno());
    const call = 'pipe2(O_CLOEXEC)';
    return err(new SyscallError({ step, call, syscall: 'pipe2', errno, hint: hintFor('pipe2', errno) }));
  }
  return ok({ read: fds.readInt32LE(0), write: fds.readInt32LE(4) });
}
