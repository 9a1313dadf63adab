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

function closeAll(descriptors: readonly (number | undefined)[]): void {
  for (const fd of descriptors) if (fd !== undefined) libc().close(fd);
}

/** Start a launcher with this plan. Errors here are those before it could begin. */
export function launch(request: LaunchRequest): Result<Launch, HacoError> {
  const { encoded } = request;
  const written = makePlanFile(encoded, request.patches);
  if (written.isErr()) return err(written.error);
  let plan = written.value;
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
  const aloneFlags = request.untilEnd === true ? encoded.aloneFlags : undefined;
  const { announced = 0 } = request;
  const served = submitToServer(descriptors, { aloneFlags, unseen: encoded.unseen, announced });
  if (served === 'withdrawn') {
    libc().close(plan);
    const another = makePlanFile(encoded, request.patches);
    if (another.isErr()) {
      closeAll([own, theirs]);
      return err(another.error);
    }
    plan = another.value;
  } else if (served !== undefined) {
    if (theirs !== undefined) libc().close(theirs);
    return ok(
      aloneFlags === undefined ? new Launching(request, plan, served, own) : new LaunchAlone(request, plan, served),
    );
  }
  const spawned = spawnLauncher({ ...descriptors, plan });
  if (theirs !== undefined) libc().close(theirs);
  if (spawned.isErr()) {
    closeAll([plan, own]);
    return err(spawned.error);
  }
  const pid = spawned.value;
  return ok(new Launching(request, plan, { pid: () => pid, lost: () => false }, own));
}
