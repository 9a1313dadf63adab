/** Removing what is left of a container. */
import { signalProcess, StateError, waitForEnd, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { stateOf } from './container-record.js';
import type { Found } from './find-container.js';
import { killGroups } from './kill-groups.js';
import { removeGroups } from './groups.js';
import { runHooks } from './hooks.js';

const SIGKILL = 9;
const patienceMs = 10_000;

/** Remove it. Errors: `state`, while it runs and isn't to be ended by `force`; `io`. */
export async function deleteContainer(
  { directory, record, status }: Found,
  force: boolean,
): Promise<Result<void, HacoError>> {
  if (status === 'running' || status === 'paused' || (status === 'creating' && !force)) {
    if (!force) {
      const state = `it is ${status}, cannot delete container that is not stopped`;
      return err(new StateError({ what: 'delete the container', state, remedy: 'kill it first, or use --force' }));
    }
  }
  if (record.process !== undefined && status !== 'stopped') {
    const killed = signalProcess(record.process, SIGKILL);
    if (killed.isErr()) return err(killed.error);
  }
  const ended = await killGroups(record);
  if (ended.isErr()) return err(ended.error);
  if (record.process !== undefined && status !== 'stopped') {
    const gone = await waitForEnd(record.process, patienceMs);
    if (gone.isErr()) return err(gone.error);
  }
  const removed = await removeGroups(record);
  if (removed.isErr()) return err(removed.error);
  const discarded = directory.discard();
  if (discarded.isErr()) return err(discarded.error);
  // It is gone whatever they say.
  const ran = await runHooks(record.hooks, 'poststop', stateOf(record, 'stopped'));
  if (ran.isErr()) process.stderr.write(`haco-oci: ${ran.error.message}\n`);
  return ok();
}
