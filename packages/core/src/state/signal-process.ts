/** Signals to, and the end of, a process of somebody else: by descriptor, after a look that it is the one that is meant. */
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, libc, rawSyscall, syscallNumbers, watchReadiness } from '@haco/sys';
import { openPidfd } from '../exec/pidfd.js';
import { isAlive, type ProcessIdentity } from './process-identity.js';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];

/** A pidfd of exactly that process, the caller's to close; undefined: it has ended. Errors: `io`. */
export function pidfdOf(identity: ProcessIdentity): Result<number | undefined, HacoError> {
  if (!isAlive(identity)) return ok(undefined);
  const opened = openPidfd(identity.pid);
  if (opened.isErr()) return opened.error.kind === 'not-found' ? ok(undefined) : err(opened.error);
  // Between the two the number may have become another's.
  if (isAlive(identity)) return ok(opened.value);
  libc().close(opened.value);
  return ok(undefined);
}

/** Send a signal. False: the process has ended. Errors: `io`, when it isn't ours to signal. */
export function signalProcess(identity: ProcessIdentity, signal: number): Result<boolean, HacoError> {
  return pidfdOf(identity).andThen((fd) => {
    if (fd === undefined) return ok(false);
    const sent = rawSyscall(numbers.pidfd_send_signal, fd, signal, null, 0);
    libc().close(fd);
    const errno = errnoName(-sent);
    if (sent === 0) return ok(true);
    if (errno === 'ESRCH') return ok(false);
    const path = String(identity.pid);
    return err(
      new IoError({ what: 'send a signal to process', path, errno, hint: hintFor('pidfd_send_signal', errno) }),
    );
  });
}

/** Wait until it has ended, but no longer than `timeoutMs`. False: it still runs. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<Result<boolean, HacoError>> {
  const opened = pidfdOf(identity);
  if (opened.isErr()) return err(opened.error);
  const fd = opened.value;
  if (fd === undefined) return ok(true);
  const ended = await new Promise<Result<boolean, HacoError>>((resolve) => {
    const watch = watchReadiness(fd, 'readable', () => finish(true));
    const timer = setTimeout(() => finish(false), timeoutMs);
    const finish = (over: boolean): void => {
      clearTimeout(timer);
      if (watch.isOk()) watch.value.close();
      resolve(ok(over));
    };
    if (watch.isErr()) {
      clearTimeout(timer);
      resolve(err(watch.error));
    }
  });
  libc().close(fd);
  return ended;
}
