/** Starting the launcher with posix_spawn: vfork semantics, so that its cost doesn't grow with the heap of Node. */
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { planFd } from '../codec/wire.js';
import { errnoName } from '../errno.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';
import { launcherPath } from './image.js';

const F_DUPFD_CLOEXEC = 1030;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;

/** Larger than posix_spawnattr_t (336 bytes) and posix_spawn_file_actions_t (80 bytes) of glibc and musl. */
const opaqueSize = 512;

let attributes: Buffer | undefined;
let argv: { readonly name: Buffer; readonly table: Buffer; readonly none: Buffer } | undefined;

/** Default dispositions (Node ignores SIGPIPE, which would be inherited) and an empty mask. */
function spawnAttributes(): Buffer {
  if (attributes !== undefined) return attributes;
  const c = libc();
  const attr = Buffer.alloc(opaqueSize);
  const mask = Buffer.alloc(128);
  // All signals but SIGKILL and SIGSTOP, whose dispositions can't be set (EINVAL).
  const defaults = Buffer.alloc(128);
  defaults.fill(0xff, 0, 8);
  for (const signal of [9, 19])
    defaults[(signal - 1) >> 3] = (defaults[(signal - 1) >> 3] ?? 0) & ~(1 << ((signal - 1) & 7));
  c.posix_spawnattr_init(attr);
  c.posix_spawnattr_setsigmask(attr, mask);
  c.posix_spawnattr_setsigdefault(attr, defaults);
  c.posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  attributes = attr;
  return attr;
}

function launcherArgv(): { readonly table: Buffer; readonly none: Buffer } {
  if (argv !== undefined) return argv;
  const name = Buffer.from('haco-init\0');
  const table = Buffer.alloc(16);
  table.writeBigUInt64LE(libc().addressOf(name), 0);
  argv = { name, table, none: Buffer.alloc(8) };
  return argv;
}

/** What the launcher gets: standard streams, the plan, and from descriptor 4 on the channel and others. */
export interface SpawnDescriptors {
  readonly stdio: readonly [stdin: number, stdout: number, stderr: number];
  readonly plan: number;
  /** Descriptors for 4, 5, …; undefined leaves a number closed. */
  readonly passed: readonly (number | undefined)[];
}

const pidBuffer = Buffer.alloc(4);
const actions = Buffer.alloc(opaqueSize);

/** Start the launcher; its pid. All descriptors stay the caller's. */
export function spawnLauncher(descriptors: SpawnDescriptors): Result<number, HacoError> {
  return launcherPath().andThen((path) => {
    const c = libc();
    const targets: (readonly [from: number, to: number])[] = [];
    descriptors.stdio.forEach((fd, index) => targets.push([fd, index]));
    targets.push([descriptors.plan, planFd]);
    descriptors.passed.forEach((fd, index) => {
      if (fd !== undefined) targets.push([fd, planFd + 1 + index]);
    });
    // File actions run one after the other: a source below the highest target could be overwritten before its turn.
    const raised: number[] = [];
    const highest = planFd + descriptors.passed.length;
    let failure: HacoError | undefined;
    const raise = (fd: number): number => {
      const copy = c.fcntl(fd, F_DUPFD_CLOEXEC, highest + 1);
      if (copy >= 0) raised.push(copy);
      else failure ??= failed(`fcntl(${String(fd)}, F_DUPFD_CLOEXEC, ${String(highest + 1)})`, 'fcntl', c.errno());
      return copy;
    };
    const safe = targets.map(([from, to]) => [from > highest || from === to ? from : raise(from), to] as const);
    // The launcher itself is opened after all of them.
    const image = Number(/^\/proc\/self\/fd\/(\d+)$/.exec(path)?.[1] ?? Infinity);
    const file = image > highest ? path : `/proc/self/fd/${String(raise(image))}`;
    if (failure === undefined) {
      c.posix_spawn_file_actions_init(actions);
      // glibc refuses numbers beyond the limit here; left out, Node's own stream would take the place.
      let error = 0;
      for (const [from, to] of safe) error ||= c.posix_spawn_file_actions_adddup2(actions, from, to);
      const { table, none } = launcherArgv();
      error ||= c.posix_spawn(pidBuffer, file, actions, spawnAttributes(), table, none);
      c.posix_spawn_file_actions_destroy(actions);
      if (error !== 0) failure = failed(`posix_spawn(${JSON.stringify(path)})`, 'posix_spawn', error);
    }
    for (const fd of raised) c.close(fd);
    return failure === undefined ? ok(pidBuffer.readInt32LE(0)) : err(failure);
  });
}

function failed(call: string, syscall: string, error: number): HacoError {
  const errno = errnoName(error);
  return new SyscallError({ step: 'start the launcher', call, syscall, errno, hint: hintFor(syscall, errno) });
}
