/** One start: from encoded plan to running container to its end. */
import { writeSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName } from '../errno.js';
import { arm } from '../exit/watch.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';
import { socketPair } from './channel.js';
import { submitToServer } from './fork-server.js';
import { LaunchAlone } from './launch-alone.js';
import type { Launch, LaunchRequest } from './launch-types.js';
import { Launching } from './launching.js';
import { spawnLauncher } from './spawn.js';

const MFD_CLOEXEC = 1;

/** A plan as a memory file. */
function writePlan(bytes: Buffer): Result<number, HacoError> {
  const c = libc();
  const failed = (call: string, syscall: string, errno: string): Result<never, HacoError> =>
    err(
      new SyscallError({ step: 'hand the plan to the launcher', call, syscall, errno, hint: hintFor(syscall, errno) }),
    );
  const plan = c.memfd_create('haco-plan', MFD_CLOEXEC);
  if (plan < 0) return failed('memfd_create("haco-plan", MFD_CLOEXEC)', 'memfd_create', errnoName(c.errno()));
  try {
    // Short only when memory or RLIMIT_FSIZE end here; the launcher would refuse such a plan as malformed.
    if (writeSync(plan, bytes) === bytes.length) return ok(plan);
    libc().close(plan);
    return failed(`write(<plan>, ${String(bytes.length)} bytes)`, 'write', 'ENOSPC');
  } catch (error) {
    libc().close(plan);
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    return failed(`write(<plan>, ${String(bytes.length)} bytes)`, 'write', errno);
  }
}

/** Start a launcher with this plan. Errors here are those before it could begin. */
export function launch(request: LaunchRequest): Result<Launch, HacoError> {
  const written = writePlan(request.encoded.bytes);
  if (written.isErr()) return err(written.error);
  const plan = written.value;
  const pair = request.onBarrier === undefined ? undefined : socketPair();
  if (pair?.isErr() === true) {
    libc().close(plan);
    return err(pair.error);
  }
  const [own, theirs] = pair?.isOk() === true ? pair.value : [undefined, undefined];
  arm();
  const descriptors = {
    stdio: request.stdio,
    plan,
    passed: theirs === undefined && request.passed === undefined ? [] : [theirs, ...(request.passed ?? [])],
  };
  const aloneFlags = request.untilEnd === true ? request.encoded.aloneFlags : undefined;
  const served = submitToServer(descriptors, aloneFlags);
  if (served !== undefined) {
    if (theirs !== undefined) libc().close(theirs);
    return ok(
      aloneFlags === undefined ? new Launching(request, plan, served, own) : new LaunchAlone(request, plan, served),
    );
  }
  const spawned = spawnLauncher(descriptors);
  if (theirs !== undefined) libc().close(theirs);
  if (spawned.isErr()) {
    libc().close(plan);
    if (own !== undefined) libc().close(own);
    return err(spawned.error);
  }
  const pid = spawned.value;
  return ok(new Launching(request, plan, { pid: () => pid, lost: () => false }, own));
}
