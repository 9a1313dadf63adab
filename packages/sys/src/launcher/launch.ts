/** One start: from encoded plan to running container to its end. */
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { arm } from '../exit/watch.js';
import { libc } from '../libc.js';
import { socketPair } from './channel.js';
import { submitToServer } from './fork-server.js';
import { LaunchAlone } from './launch-alone.js';
import type { Launch, LaunchRequest } from './launch-types.js';
import { Launching } from './launching.js';
import { makePlanFile } from './plan-file.js';
import { spawnLauncher } from './spawn.js';

/** Start a launcher with this plan. Errors here are those before it could begin. */
export function launch(request: LaunchRequest): Result<Launch, HacoError> {
  const written = makePlanFile(request.encoded, request.patches);
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
