/**
 * What is used of those modules of Node that take long to load, loaded when it is used. An `import` of them evaluates each of their getters:
 * node:http took 32 ms of Node 24 where it starts in 40 (fetch comes with it), node:crypto 9 (Web Crypto comes with it).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { syscallNumbers } from './codec/numbers.generated.js';
import { rawSyscall } from './libc.js';

/** Random bytes are drawn by the kibibyte: a system call for each name would cost more than the name is worth. */
const pool: { bytes: Buffer; at: number } = { bytes: Buffer.alloc(0), at: 0 };
const poolBytes = 1024;

/** From random(4), which is there without node:crypto; in a root without it, from getrandom(2). */
function drawBytes(): Buffer {
  const bytes = Buffer.alloc(poolBytes);
  try {
    const device = openSync('/dev/urandom', 'r');
    try {
      // The kernel gives up to 256 bytes whole, and more unless a signal comes.
      if (fstatSync(device).isCharacterDevice() && readSync(device, bytes) === poolBytes) return bytes;
    } finally {
      closeSync(device);
    }
  } catch {
    // No such device.
  }
  return process.getBuiltinModule('node:crypto').randomBytes(poolBytes);
}

/**
 * Random digits for names that must not collide and can't be guessed, from the kernel's generator (random(4)).
 *
 * @param bytes - how many random bytes, each of which gives two hexadecimal digits; at most 1024
 *
 * @example
 * ```ts
 * import { randomHex } from '@haco/sys';
 *
 * console.log(`tmp-${randomHex(4)}`); // tmp-4f1c09a7
 * ```
 */
export function randomHex(bytes: number): string {
  if (pool.at + bytes > pool.bytes.length) {
    pool.bytes = drawBytes();
    pool.at = 0;
  }
  pool.at += bytes;
  return pool.bytes.toString('hex', pool.at - bytes, pool.at);
}

let mainThread: boolean | undefined;

/**
 * Whether this is Node's main thread, the one that gets signals (and so SIGCHLD), and not that of a Worker: the one whose id is that of the
 * process (gettid(2)). node:worker_threads would know, and takes 5 ms of a program's first start.
 */
export function isMainThread(): boolean {
  mainThread ??= rawSyscall(syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'].gettid) === process.pid;
  return mainThread;
}
