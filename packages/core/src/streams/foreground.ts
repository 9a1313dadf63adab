/** Giving the caller's terminal back: a shell that inherited it has made its own process group the foreground one. */
import { isatty } from 'node:tty';
import { libc, rawSyscall, syscallNumbers } from '@haco/sys';

const TIOCGPGRP = 0x540f;
const TIOCSPGRP = 0x5410;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
const SIGTTOU = 22;

function isGone(group: number): boolean {
  try {
    process.kill(-group, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/**
 * Make this process the foreground of the terminal on descriptor 0 again, when the group that is has ended: as a shell does
 * after each job. Without it, the next read of the terminal would stop Node (SIGTTIN).
 *
 * @see tcsetpgrp(3)
 */
export function takeTerminalBack(): void {
  if (!isatty(0)) return;
  const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
  const group = Buffer.alloc(4);
  const own = rawSyscall(numbers.getpgid, 0);
  if (libc().ioctl(0, TIOCGPGRP, group) < 0) return;
  const foreground = group.readInt32LE(0);
  if (foreground === own || foreground <= 0 || !isGone(foreground)) return;
  // Who asks for it from the background gets SIGTTOU, which stops the process, unless it is blocked.
  const mask = Buffer.alloc(8);
  const before = Buffer.alloc(8);
  mask.writeUInt32LE(2 ** (SIGTTOU - 1), 0);
  rawSyscall(numbers.rt_sigprocmask, SIG_BLOCK, mask, before, 8);
  group.writeInt32LE(own, 0);
  libc().ioctl(0, TIOCSPGRP, group);
  rawSyscall(numbers.rt_sigprocmask, SIG_SETMASK, before, null, 8);
}
