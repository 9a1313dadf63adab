/** The end of a child: wait4(2) for one pid, without blocking, with what it used. */
import { libc } from '../libc.js';

/** What a process and its waited-for children used; see getrusage(2). */
export interface ResourceUsage {
  /** User CPU time in milliseconds. */
  readonly userMs: number;
  /** System CPU time in milliseconds. */
  readonly systemMs: number;
  /** Largest resident set in bytes. */
  readonly maxRssBytes: number;
}

/** The end of a process. Exactly one of `exitCode` and `signal` isn't null. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  /** Number of the signal that ended it. */
  readonly signal: number | null;
  readonly usage: ResourceUsage;
}

const WNOHANG = 1;
const statusBuffer = Buffer.alloc(4);
const usageBuffer = Buffer.alloc(144);

/** A raw wait status as exit code or signal; see wait(2). */
export function decodeStatus(status: number): { readonly exitCode: number | null; readonly signal: number | null } {
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: null } : { exitCode: null, signal };
}

/** Reap a child that is about to end: waits for that. */
export function waitFor(pid: number): void {
  libc().wait4(pid, statusBuffer, 0, usageBuffer);
}

/** Reap a child if it has ended. `undefined`: it still runs. A child that isn't ours (any more) counts as ended by SIGKILL. */
export function reap(pid: number): ProcessEnd | undefined {
  const result = libc().wait4(pid, statusBuffer, WNOHANG, usageBuffer);
  if (result === 0) return undefined;
  if (result < 0) return { exitCode: null, signal: 9, usage: { userMs: 0, systemMs: 0, maxRssBytes: 0 } };
  // 64-bit fields whose values fit a double: two halves are cheaper than a BigInt, and this is on the path of every run.
  const long = (at: number): number => usageBuffer.readUInt32LE(at) + usageBuffer.readInt32LE(at + 4) * 0x1_0000_0000;
  const ms = (at: number): number => long(at) * 1000 + long(at + 8) / 1000;
  return {
    ...decodeStatus(statusBuffer.readInt32LE(0)),
    usage: { userMs: ms(0), systemMs: ms(16), maxRssBytes: long(32) * 1024 },
  };
}
