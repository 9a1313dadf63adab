/** The descriptor by which the kernel asks is made in the container's process: Node takes a copy of it from there. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { IoError, StateError, type HacoError } from '@haco/plan';
import { errnoName, libc, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

/** Looks in a row before it is taken slowly: a container that waits for its start may take any time. */
const eager = 500;
const patientMs = 2;

/** Number of the listener among a process's descriptors. */
function numberIn(pid: number): number | undefined {
  const directory = `/proc/${String(pid)}/fd`;
  for (const name of readdirSync(directory)) {
    try {
      if (readlinkSync(`${directory}/${name}`) === 'anon_inode:seccomp notify') return Number(name);
    } catch {
      // Closed since it was listed.
    }
  }
  return undefined;
}

function refused(pid: number, errno: string): HacoError {
  return new IoError({
    what: 'take over the listener for system calls from',
    path: `/proc/${String(pid)}/fd`,
    errno,
    hint: 'it takes the right to trace the container; a filter or a security module on this host may forbid pidfd_getfd(2)',
  });
}

function copy(pid: number, number: number): Result<number, HacoError> {
  const numbers = syscallNumbers[arch];
  const pidfd = rawSyscall(numbers.pidfd_open, pid, 0);
  if (pidfd < 0) return err(refused(pid, errnoName(-pidfd)));
  const listener = rawSyscall(numbers.pidfd_getfd, pidfd, number, 0);
  libc().close(pidfd);
  return listener < 0 ? err(refused(pid, errnoName(-listener))) : ok(listener);
}

/**
 * Wait until a process has a listener, and copy it. It can't tell us itself: with the first filter, any of its calls may be one
 * that waits for us.
 */
export async function findListener(pid: number, isOver: () => boolean): Promise<Result<number, HacoError>> {
  for (let tries = 0; !isOver(); tries++) {
    let number: number | undefined;
    try {
      number = numberIn(pid);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
      if (errno === 'ENOENT') break;
      // A process whose ids have just changed belongs to root for a moment.
      if (tries > eager) return err(refused(pid, errno));
    }
    if (number !== undefined) return copy(pid, number);
    if (tries < eager) await setImmediate();
    else await sleep(patientMs);
  }
  return err(new StateError({ what: 'answer its system calls', state: 'it has ended', remedy: 'start it again' }));
}
