/** The C library of the running process, reached through koffi; loaded at the first call, from this file only. */
import { createRequire } from 'node:module';
import type * as KoffiModule from 'koffi';
import { err, ok, type Result } from 'neverthrow';
import { UnsupportedError, type HacoError } from '@haco/plan';
import { unsupportedProcess, withoutFunction, withoutKoffi } from './supported.js';

type Koffi = typeof KoffiModule;
type Lib = ReturnType<Koffi['load']>;
/** A pointer argument: a Buffer whose bytes C reads or writes, or NULL. */
export type Pointer = Uint8Array | null;

/** The functions of libc that haco calls. Integers return -1 on failure and leave errno, as in C. */
export interface Libc {
  readonly posix_spawn: (
    pid: Pointer,
    path: string,
    actions: Pointer,
    attr: Pointer,
    argv: Pointer,
    envp: Pointer,
  ) => number;
  readonly posix_spawn_file_actions_init: (actions: Pointer) => number;
  readonly posix_spawn_file_actions_adddup2: (actions: Pointer, from: number, to: number) => number;
  readonly posix_spawn_file_actions_destroy: (actions: Pointer) => number;
  readonly posix_spawnattr_init: (attr: Pointer) => number;
  readonly posix_spawnattr_setflags: (attr: Pointer, flags: number) => number;
  readonly posix_spawnattr_setsigmask: (attr: Pointer, mask: Pointer) => number;
  readonly posix_spawnattr_setsigdefault: (attr: Pointer, set: Pointer) => number;
  readonly memfd_create: (name: string, flags: number) => number;
  readonly fcntl: (fd: number, command: number, arg: number) => number;
  readonly pipe2: (fds: Pointer, flags: number) => number;
  readonly socketpair: (domain: number, type: number, protocol: number, fds: Pointer) => number;
  readonly sendmsg: (fd: number, message: Pointer, flags: number) => number;
  readonly recvmsg: (fd: number, message: Pointer, flags: number) => number;
  readonly ioctl: (fd: number, request: number, arg: Pointer) => number;
  readonly wait4: (pid: number, status: Pointer, options: number, usage: Pointer) => number;
  readonly kill: (pid: number, signal: number) => number;
  readonly close: (fd: number) => number;
  readonly epoll_create1: (flags: number) => number;
  readonly epoll_ctl: (epoll: number, operation: number, fd: number, event: Pointer) => number;
  readonly epoll_wait: (epoll: number, events: Pointer, count: number, timeoutMs: number) => number;
  readonly syscall: (number: number, a: number, b: number, c: number, d: number, e: number, f: number) => number;
  /** Address of the memory of a Buffer. */
  readonly addressOf: (buffer: Uint8Array) => bigint;
  readonly errno: () => number;
  /**
   * Call back in Node's own event loop whenever a descriptor can be read: `poll(2)` without a thread. The descriptor must stay
   * open until the handle is closed.
   */
  readonly pollReadable: (fd: number, callback: () => void) => PollHandle;
}

/** A descriptor in Node's event loop. */
export interface PollHandle {
  /** Take it out; the descriptor stays open. */
  readonly close: () => void;
  /** Let it keep the process alive, or not. */
  readonly ref: () => void;
  readonly unref: () => void;
}

let koffi: Koffi | undefined;
let library: Lib | undefined;
let functions: Libc | undefined;

function load(): { readonly koffi: Koffi; readonly library: Lib } {
  // koffi costs about 6 ms: users of the pure packages, and `explain()` for another host, never pay it.
  koffi ??= loadKoffi();
  // `null` is the process itself, which has a libc loaded whatever it is called (glibc: libc.so.6, musl: ld-musl-*.so.1).
  library ??= koffi.load(null);
  return { koffi, library };
}

function loadKoffi(): Koffi {
  const unsupported = unsupportedProcess();
  if (unsupported !== undefined) throw unsupported;
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    throw withoutKoffi(cause);
  }
}

/** libc, bound. Throws an `UnsupportedError` where there is none for haco: {@link checkLibc} asks before. */
export function libc(): Libc {
  if (functions !== undefined) return functions;
  const { koffi: k, library: lib } = load();
  try {
    functions = bind(k, lib);
  } catch (cause) {
    throw withoutFunction(cause);
  }
  return functions;
}

/** Whether this process can call libc: not on other systems and processors, with an older Node, or without koffi's binary. */
export function checkLibc(): Result<void, HacoError> {
  try {
    libc();
    return ok();
  } catch (error) {
    if (error instanceof UnsupportedError) return err(error);
    throw error;
  }
}

function bind(k: Koffi, lib: Lib): Libc {
  return {
    posix_spawn: lib.func(
      'int posix_spawn(void *pid, const char *path, void *actions, void *attr, void *argv, void *envp)',
    ),
    posix_spawn_file_actions_init: lib.func('int posix_spawn_file_actions_init(void *actions)'),
    posix_spawn_file_actions_adddup2: lib.func('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)'),
    posix_spawn_file_actions_destroy: lib.func('int posix_spawn_file_actions_destroy(void *actions)'),
    posix_spawnattr_init: lib.func('int posix_spawnattr_init(void *attr)'),
    posix_spawnattr_setflags: lib.func('int posix_spawnattr_setflags(void *attr, short flags)'),
    posix_spawnattr_setsigmask: lib.func('int posix_spawnattr_setsigmask(void *attr, void *mask)'),
    posix_spawnattr_setsigdefault: lib.func('int posix_spawnattr_setsigdefault(void *attr, void *set)'),
    memfd_create: lib.func('int memfd_create(const char *name, int flags)'),
    // Declared with fixed arguments: on x64 and arm64 Linux a variadic callee finds integers in the same registers.
    fcntl: lib.func('int fcntl(int fd, int command, long arg)'),
    pipe2: lib.func('int pipe2(void *fds, int flags)'),
    socketpair: lib.func('int socketpair(int domain, int type, int protocol, void *fds)'),
    sendmsg: lib.func('long sendmsg(int fd, void *message, int flags)'),
    recvmsg: lib.func('long recvmsg(int fd, void *message, int flags)'),
    ioctl: lib.func('int ioctl(int fd, long request, void *arg)'),
    wait4: lib.func('int wait4(int pid, void *status, int options, void *usage)'),
    kill: lib.func('int kill(int pid, int signal)'),
    close: lib.func('int close(int fd)'),
    epoll_create1: lib.func('int epoll_create1(int flags)'),
    epoll_ctl: lib.func('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
    epoll_wait: lib.func('int epoll_wait(int epoll, void *events, int count, int timeout)'),
    syscall: lib.func('long syscall(long number, long a, long b, long c, long d, long e, long f)'),
    addressOf: (buffer) => BigInt(k.address(buffer)),
    errno: () => k.errno(),
    pollReadable: (fd, callback) => k.node.poll(fd, { readable: true }, callback),
  } as Libc;
}

/**
 * Make one system call on the calling thread. Returns the kernel's own result: a negative errno on failure. Buffers are passed
 * as pointers to their bytes.
 */
export function rawSyscall(number: number, ...args: readonly (number | bigint | Uint8Array | null)[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args.map((arg) =>
    arg === null ? 0 : arg instanceof Uint8Array ? (libc().addressOf(arg) as unknown as number) : (arg as number),
  );
  const result = Number(libc().syscall(number, a, b, c, d, e, f));
  return result === -1 ? -libc().errno() : result;
}

/** A shared library besides libc. */
export interface SharedLibrary {
  /**
   * A function by its C declaration, in koffi's words.
   *
   * @typeParam F - its type in TypeScript
   */
  readonly func: <F extends (...args: never[]) => unknown>(declaration: string) => F;
}

/** Load a shared library by its name, e.g. `libseccomp.so.2`; undefined when this host doesn't have it. */
export function openLibrary(name: string): SharedLibrary | undefined {
  const { koffi: k } = load();
  try {
    const opened = k.load(name);
    return {
      func: <F extends (...args: never[]) => unknown>(declaration: string) => opened.func(declaration) as unknown as F,
    };
  } catch {
    return undefined;
  }
}
