/** Notice of ends: pidfds in one epoll set, looked at on SIGCHLD. A thousand waiting containers cost no thread and no timer. */
import { isMainThread } from 'node:worker_threads';
import { libc } from '../libc.js';
import { syscallNumbers } from '../codec/numbers.generated.js';

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const batch = 64;
/** `struct epoll_event` is packed on x64 only. */
const eventSize = process.arch === 'x64' ? 12 : 16;
const dataOffset = process.arch === 'x64' ? 4 : 8;

let epoll = -1;
const events = Buffer.alloc(batch * 16);
const byFd = new Map<number, () => void>();
/** What looks at its own state on every SIGCHLD: launches that haven't come to rest yet, few and short-lived. */
const pollers = new Set<() => void>();
let keepAlive: NodeJS.Timeout | undefined;
let pending = 0;
let listening = false;
let workerTimer: NodeJS.Timeout | undefined;
let workerWaiting = false;

function epollFd(): number {
  if (epoll < 0) epoll = libc().epoll_create1(EPOLL_CLOEXEC);
  return epoll;
}

function dispatch(count: number): void {
  const ready: (() => void)[] = [];
  for (let i = 0; i < count; i++) {
    const callback = byFd.get(events.readInt32LE(i * eventSize + dataOffset));
    if (callback !== undefined) ready.push(callback);
  }
  for (const callback of ready) callback();
}

function look(): void {
  for (const poller of [...pollers]) poller();
  if (byFd.size === 0) return;
  for (;;) {
    const count = libc().epoll_wait(epollFd(), events, batch, 0);
    if (count <= 0) return;
    dispatch(count);
    if (count < batch) return;
  }
}

/** Workers get no signals: one thread of the pool waits for all of the worker's containers, a short timer for those that start. */
function watchInWorker(): void {
  if (pollers.size > 0) {
    workerTimer ??= setInterval(look, 2).unref();
  } else if (workerTimer !== undefined) {
    clearInterval(workerTimer);
    workerTimer = undefined;
  }
  if (byFd.size === 0 || workerWaiting) return;
  workerWaiting = true;
  const own = Buffer.alloc(batch * 16);
  libc().epoll_wait_async(epollFd(), own, batch, 1000, (error, count) => {
    workerWaiting = false;
    if (error === null && count > 0) {
      own.copy(events);
      dispatch(count);
    }
    watchInWorker();
  });
}

/**
 * Begin to listen. Before the first child is started: a SIGCHLD that comes while nobody listens is lost, and with it the end of a
 * launcher that was quicker than Node.
 */
export function arm(): void {
  if (!isMainThread) {
    watchInWorker();
    return;
  }
  if (listening) return;
  listening = true;
  // Stays installed: libuv's own handling of its children is independent of it, and (un)installing costs system calls.
  process.on('SIGCHLD', look);
}

/** A signal listener doesn't keep the event loop alive: something that is referenced must, while containers live. */
export function hold(): void {
  pending += 1;
  keepAlive ??= setInterval(() => undefined, 2 ** 30);
  if (pending === 1) keepAlive.ref();
}

/** Undo one {@link hold}. */
export function release(): void {
  pending -= 1;
  if (pending === 0) keepAlive?.unref();
}

/** Call `look` on every SIGCHLD until it is removed. */
export function addPoller(poller: () => void): void {
  pollers.add(poller);
  arm();
}

export function removePoller(poller: () => void): void {
  pollers.delete(poller);
}

/**
 * Call back once when the process with this pid, a child that hasn't been waited for, ends. Returns false when no descriptor
 * could be had: the caller polls instead.
 */
export function watchPid(pid: number, ended: () => void): boolean {
  const c = libc();
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const fd = c.syscall(syscallNumbers[arch].pidfd_open, pid, 0, 0, 0, 0, 0);
  if (fd < 0) return false;
  const event = Buffer.alloc(16);
  event.writeUInt32LE(EPOLLIN, 0);
  event.writeInt32LE(fd, dataOffset);
  if (c.epoll_ctl(epollFd(), EPOLL_CTL_ADD, fd, event) < 0) {
    c.close(fd);
    return false;
  }
  byFd.set(fd, () => {
    byFd.delete(fd);
    c.epoll_ctl(epollFd(), EPOLL_CTL_DEL, fd, event);
    c.close(fd);
    ended();
  });
  arm();
  return true;
}
