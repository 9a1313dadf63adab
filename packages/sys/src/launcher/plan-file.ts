/** Plans as memory files, and those that may be used again. */
import { writeSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import type { EncodedPlan } from '../codec/encode.js';
import { errnoName } from '../errno.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';

const MFD_CLOEXEC = 1;

/** Bytes in place of others: what differs between two starts of one plan. */
export interface Patch {
  /** Offset in bytes. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** As many as starts at once need; a file more costs its memory. */
const mostKept = 16;
const kept: { readonly encoded: EncodedPlan; readonly fd: number }[] = [];

function failed(call: string, syscall: string, errno: string): Result<never, HacoError> {
  return err(
    new SyscallError({ step: 'hand the plan to the launcher', call, syscall, errno, hint: hintFor(syscall, errno) }),
  );
}

/** A file with the plan; the caller closes it, or gives it back by {@link keepPlanFile}. */
export function makePlanFile(encoded: EncodedPlan, patches: readonly Patch[] = []): Result<number, HacoError> {
  const c = libc();
  const index = kept.findLastIndex((one) => one.encoded === encoded);
  const again = index === -1 ? undefined : kept.splice(index, 1)[0];
  const plan = again?.fd ?? c.memfd_create('haco-plan', MFD_CLOEXEC);
  if (plan < 0) return failed('memfd_create("haco-plan", MFD_CLOEXEC)', 'memfd_create', errnoName(c.errno()));
  // What the launcher reads is still there: only what it has written must go.
  const from = again === undefined ? 0 : encoded.sharedOffset;
  const length = encoded.bytes.length - from;
  try {
    // Short only when memory or RLIMIT_FSIZE end here; the launcher would refuse such a plan as malformed.
    if (writeSync(plan, encoded.bytes, from, length, from) !== length) throw new Error('short');
    for (const { at, bytes } of patches) writeSync(plan, bytes, 0, bytes.length, at);
    return ok(plan);
  } catch (error) {
    c.close(plan);
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'ENOSPC';
    return failed(`write(<plan>, ${String(length)} bytes)`, 'write', errno);
  }
}

/** The plan has been performed, and no process has the file any more: the next start of the same plan may have it. */
export function keepPlanFile(encoded: EncodedPlan, fd: number): void {
  kept.push({ encoded, fd });
  if (kept.length > mostKept) libc().close(kept.shift()?.fd ?? -1);
}

/** Close all files that are kept. */
export function dropPlanFiles(): void {
  for (const { fd } of kept.splice(0)) libc().close(fd);
}
