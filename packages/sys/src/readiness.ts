/** Descriptors of any kind in Node's event loop: one epoll set, itself watched by libuv, so nothing costs a thread or a timer. */
import { SyscallError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { errnoName } from './errno.js';
import { hintFor } from './hint.js';
import { libc, type PollHandle } from './libc.js';

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EPOLLPRI = 2;
const batch = 64;
/** `struct epoll_event` is packed on x64 only. */
const eventSize = process.arch === 'x64' ? 12 : 16;
const dataOffset = process.arch === 'x64' ? 4 : 8;

/**
 * What to wait for: bytes to read (eventfd, pipe), a kernel file that says it changed (cgroup.events), or a PSI trigger that
 * fired.
 */
export type Readiness = 'readable' | 'changed' | 'trigger';

/** A descriptor that is being watched. */
export interface Watch {
  /** Watch no longer; the descriptor stays open and the caller's. */
  readonly close: () => void;
}

let epoll = -1;
let handle: PollHandle | undefined;
const events = Buffer.alloc(batch * 16);
const byFd = new Map<number, () => void>();

function dispatch(): void {
  const count = libc().epoll_wait(epoll, events, batch, 0);
  const ready: number[] = [];
  for (let i = 0; i < count; i++) ready.push(events.readInt32LE(i * eventSize + dataOffset));
  // A callback may end the watch of another one, so each is looked up when its turn comes.
  for (const fd of ready) byFd.get(fd)?.();
}

function failed(call: string, syscall: string): HacoError {
  const errno = errnoName(libc().errno());
  return new SyscallError({ step: 'watch a descriptor', call, syscall, errno, hint: hintFor(syscall, errno) });
}

/**
 * PSI forgets that it fired as soon as somebody asks (psi_trigger_poll in kernel/sched/psi.c): with two sets around it the outer
 * one would ask, and the inner one find nothing. So each trigger has a set to itself, which libuv asks, once.
 */
function watchTrigger(fd: number, callback: () => void): Result<Watch, HacoError> {
  const c = libc();
  const set = c.epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return err(failed('epoll_create1(EPOLL_CLOEXEC)', 'epoll_create1'));
  const event = Buffer.alloc(16);
  event.writeUInt32LE(EPOLLPRI, 0);
  if (c.epoll_ctl(set, EPOLL_CTL_ADD, fd, event) < 0) {
    const error = failed(`epoll_ctl(<epoll>, EPOLL_CTL_ADD, ${String(fd)})`, 'epoll_ctl');
    c.close(set);
    return err(error);
  }
  const own = c.pollReadable(set, callback);
  let open = true;
  return ok({
    close: () => {
      if (!open) return;
      open = false;
      own.close();
      c.close(set);
    },
  });
}

/**
 * Call back whenever `fd` is ready, until the watch is closed. It is level-triggered: the callback must take what made it ready
 * (read the eventfd; read the changed file from its beginning) or close the watch. While there are watches the process stays
 * alive.
 *
 * libuv has no place for eventfds or for POLLPRI in its sockets and files (nodejs/node#24048), and `fs.read` would block a
 * thread of the pool; an epoll set is itself readable when something in it is ready.
 *
 * @see epoll(7)
 */
export function watchReadiness(fd: number, readiness: Readiness, callback: () => void): Result<Watch, HacoError> {
  if (readiness === 'trigger') return watchTrigger(fd, callback);
  const c = libc();
  if (epoll < 0) epoll = c.epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return err(failed('epoll_create1(EPOLL_CLOEXEC)', 'epoll_create1'));
  const event = Buffer.alloc(16);
  // EPOLLERR always counts: kernfs sets it together with EPOLLPRI.
  event.writeUInt32LE(readiness === 'readable' ? EPOLLIN : EPOLLPRI, 0);
  event.writeInt32LE(fd, dataOffset);
  if (c.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event) < 0) {
    return err(failed(`epoll_ctl(<epoll>, EPOLL_CTL_ADD, ${String(fd)})`, 'epoll_ctl'));
  }
  byFd.set(fd, callback);
  handle ??= c.pollReadable(epoll, dispatch);
  let open = true;
  return ok({
    close: () => {
      if (!open) return;
      open = false;
      byFd.delete(fd);
      c.epoll_ctl(epoll, EPOLL_CTL_DEL, fd, event);
      if (byFd.size > 0) return;
      handle?.close();
      handle = undefined;
      // Not kept for the next watch: an idle process has then no descriptor more than before.
      c.close(epoll);
      epoll = -1;
    },
  });
}
