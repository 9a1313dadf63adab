/** A name becomes a container's: one of many that ask at the same time gets it. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from 'neverthrow';
import { ConflictError, type HacoError } from '@haco/plan';
import { look } from './collect.js';
import { ContainerDirectory } from './directory.js';
import { discardDirectory, lockDirectory } from './lock-directory.js';
import { releaseLock } from './lock.js';

/** A name that is ours: as long as the descriptor is open, here or in a child, nobody else gets it. */
export interface Reservation {
  readonly directory: ContainerDirectory;
  readonly lock: number;
}

/** How long somebody may hold the lock just to tidy up. */
const patienceMs = 2000;

function taken(name: string, remedy: string): ConflictError {
  return new ConflictError({ what: 'container name', subject: name, remedy });
}

/**
 * Get a name. Errors: `conflict`, when a container has it, also one that has ended and is kept for its outcome.
 *
 * @param replace - what has ended makes room
 */
export async function reserve(root: string, name: string, replace: boolean): Promise<Result<Reservation, HacoError>> {
  const directory = new ContainerDirectory(root, name);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const locked = lockDirectory(directory);
    if (locked.isErr()) return err(locked.error);
    const state = directory.read();
    const stopped = state.isOk() && state.value?.status === 'stopped';
    if (locked.value === undefined) {
      // A supervisor that has just told the end, or somebody who tidies up after a crash.
      if (replace && stopped && performance.now() < deadline) {
        await sleep(5);
        continue;
      }
      return err(taken(name, 'a container of this name runs or is being made; stop it, or choose another name'));
    }
    if (state.isOk() && state.value === undefined) {
      // Left by a start that was killed before it had written anything.
      clear(directory);
      return ok({ directory, lock: locked.value });
    }
    if (replace && stopped) {
      discardDirectory(directory);
      releaseLock(locked.value);
      continue;
    }
    releaseLock(locked.value);
    if (state.isOk() && !stopped && performance.now() < deadline) {
      // Nobody holds it, and nobody has told its end: a crash has left it.
      const looked = await look(directory);
      if (looked.isErr()) return err(looked.error);
      continue;
    }
    const which = stopped ? 'a container of this name has ended, and is kept for its outcome' : 'there is one already';
    return err(taken(name, `${which}; remove it first, or choose another name`));
  }
}

/** Remove everything but the lock. */
function clear(directory: ContainerDirectory): void {
  for (const entry of readdirSync(directory.path)) {
    if (entry !== 'lock') rmSync(join(directory.path, entry), { recursive: true, force: true });
  }
}
