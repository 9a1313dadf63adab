/** Notice of ends: pidfds in one epoll set, looked at on SIGCHLD. A thousand waiting containers cost no thread and no timer. */
import { isMainThread } from '../late-builtins.js';
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
let workerMs = 0;

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
  while (byFd.size > 0) {
    const count = libc().epoll_wait(epollFd(), events, batch, 0);
    if (count > 0) dispatch(count);
    if (count < batch) break;
  }
  if (!isMainThread()) watchInWorker();
}

/**
 * Workers get no signals, so a timer looks: often while something starts, else less so. Neither of the other ways will do: a wait
 * on the thread pool takes one of its four threads from the whole process, and koffi's poll handle crashes the process when the
 * worker is terminated (koffi 3.3.4).
 */
function watchInWorker(): void {
  const ms = pollers.size > 0 ? 1 : byFd.size > 0 ? 5 : 0;
  if (ms === workerMs) return;
  clearInterval(workerTimer);
  // Kept alive by hold(), not by this.
  workerTimer = ms === 0 ? undefined : setInterval(look, ms).unref();
  workerMs = ms;
}

/**
 * Begin to listen. Before the first child is started: a SIGCHLD that comes while nobody listens is lost, and with it the end of a
 * launcher that was quicker than Node.
 */
export function arm(): void {
  if (!isMainThread()) {
    watchInWorker();
    return;
  }
  if (listening) return;
  listening = true;
  // Everything that stays with the process is made at its first start, not at some later one.
  epollFd();
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

/** Up to here one wait4(2) each on every SIGCHLD, well below a microsecond, beats making, watching and closing a pidfd. */
const fewPollers = 8;

/** Whether one more process may as well be asked for on every SIGCHLD. In workers, a timer would have to do the asking. */
export function pollingIsCheap(): boolean {
  return isMainThread() && pollers.size < fewPollers;
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
