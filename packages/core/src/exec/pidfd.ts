/** A process by descriptor: it can't turn into another one, as a pid can. */
import { err, ok, type Result } from 'neverthrow';
import { IoError, NotFoundError, StateError, type HacoError } from '@haco/plan';
import { checkLibc, errnoName, hintFor, libc, rawSyscall, syscallNumbers } from '@haco/sys';
import { startTimeOf } from '../state/process-identity.js';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const EPERM = 1;

/** Open a pidfd; close-on-exec by itself. Errors: `not-found`, `io`, `unsupported`. */
export function openPidfd(pid: number): Result<number, HacoError> {
  const callable = checkLibc();
  if (callable.isErr()) return err(callable.error);
  const fd = rawSyscall(numbers.pidfd_open, pid, 0);
  if (fd >= 0) return ok(fd);
  const errno = errnoName(-fd);
  const subject = String(pid);
  if (errno === 'ESRCH') {
    return err(new NotFoundError({ what: 'process', subject, remedy: 'it has ended, or never was; look with "ps"' }));
  }
  return err(new IoError({ what: 'open the process', path: subject, errno, hint: hintFor('pidfd_open', errno) }));
}

/** Whether the process behind a pidfd exists: runs, or hasn't been waited for. */
export function isThere(pidfd: number): boolean {
  const result = rawSyscall(numbers.pidfd_send_signal, pidfd, 0, null, 0);
  return result === 0 || result === -EPERM;
}

/** The error of a container that has ended. */
export function stopped(what: string): StateError {
  return new StateError({ what, state: 'the container is stopped', remedy: 'start it again first' });
}

/** A pidfd that is opened at its first use. */
export class Pidfd {
  private fd: number | undefined;
  private closed = false;

  /** `isOurs`: whether the number still means the process, right now. */
  constructor(
    private readonly pid: number,
    private readonly isOurs: () => boolean,
  ) {}

  /** The descriptor, which stays this object's. Errors: `state`, when the process has ended; `io`. */
  get(what: string): Result<number, HacoError> {
    if (this.closed) return err(stopped(what));
    if (this.fd === undefined) {
      if (!this.isOurs()) return err(stopped(what));
      const opened = openPidfd(this.pid);
      if (opened.isErr()) return err(opened.error.kind === 'not-found' ? stopped(what) : opened.error);
      this.fd = opened.value;
    }
    return isThere(this.fd) ? ok(this.fd) : err(stopped(what));
  }

  /** When its process was started, in ticks since boot; 0, which is nobody's, when it has ended. */
  startTime(): number {
    const startTime = this.isOurs() ? startTimeOf(this.pid) : undefined;
    // What was read by number was read of it only if it hasn't ended meanwhile.
    return startTime !== undefined && this.isOurs() ? startTime : 0;
  }

  /** Open it now. Errors: `not-found`, `io`. */
  open(): Result<void, HacoError> {
    return openPidfd(this.pid).map((fd) => {
      this.fd = fd;
    });
  }

  close(): void {
    this.closed = true;
    if (this.fd !== undefined) libc().close(this.fd);
    this.fd = undefined;
  }
}
