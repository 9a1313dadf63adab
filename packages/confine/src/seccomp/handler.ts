/** What a function that answers a system call is told, and what it may answer. */
import type { HacoError } from '@haco/plan';
import type { Result } from 'neverthrow';

/** A system call that waits for its answer. */
export interface SyscallEvent {
  /** Name as in the man pages. */
  readonly name: string;
  /** The six registers; pointers are addresses in the memory of the caller. */
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
  /** Process (exactly: thread) that makes the call, as Node sees it. */
  readonly pid: number;
  /**
   * Memory of the caller. The answer counts only while the call waits: a pid that has been given to another process meanwhile is
   * noticed and is an error.
   *
   * Errors: `state`, when the call waits no more; `io`, when there is no such memory.
   */
  readMemory(address: bigint, length: number): Result<Buffer, HacoError>;
  /** Text up to its NUL byte, at most `maxLength` bytes (4096 without it). Errors: as `readMemory`. */
  readText(address: bigint, maxLength?: number): Result<string, HacoError>;
  /** Whether the call still waits: its process may have been killed or interrupted. */
  isWaiting(): boolean;
}

/**
 * What becomes of the call: it fails with an errno (a name such as `EACCES`), it returns a value without happening, or it goes on
 * to the kernel.
 *
 * `'continue'` must never be a decision about what a pointer leads to: another thread may change the memory after it was looked at.
 */
export type SyscallAnswer = { readonly errno: string } | { readonly value: number | bigint } | 'continue';

/** Answers a system call of the container. When it throws, the container is killed and the run fails with a `hook` error. */
export type SyscallHandler = (event: SyscallEvent) => SyscallAnswer | Promise<SyscallAnswer>;
