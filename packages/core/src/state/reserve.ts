/** A name becomes a container's: one of many that ask at the same time gets it. */
import { closeSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from 'neverthrow';
import { ConflictError, IoError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { makeUpName } from '../start/made-up-name.js';
import { ContainerDirectory } from './directory.js';
import { takeLock } from './lock.js';

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

/** Lock a container's directory; undefined: somebody else has it. */
export function lockDirectory(directory: ContainerDirectory): Result<number | undefined, HacoError> {
  for (let round = 0; ; round += 1) {
    try {
      mkdirSync(directory.path, { mode: 0o700 });
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      if (errno !== 'EEXIST') {
        const hint = hintFor('mkdirat', errno);
        return err(new IoError({ what: 'make the directory', path: directory.path, errno, hint }));
      }
    }
    const locked = takeLock(directory.lockPath);
    // Removed between the two: the name is free.
    if (locked.isErr() && locked.error.kind === 'io' && locked.error.errno === 'ENOENT' && round < 100) continue;
    return locked;
  }
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
      closeSync(locked.value);
      continue;
    }
    closeSync(locked.value);
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

/** Prefix of directories that are on their way out; no name begins so. */
const leaving = '.leaving-';

/** Remove the directory of a container whose lock we hold: at once for everybody who looks. */
export function discardDirectory(directory: ContainerDirectory): void {
  const away = join(directory.root, `${leaving}${makeUpName()}`);
  try {
    renameSync(directory.path, away);
    rmSync(away, { recursive: true, force: true });
  } catch {
    // Gone already; or the next listing removes it.
  }
}

/** What was being removed when its remover was killed. */
export function finishRemovals(root: string, entries: readonly string[]): void {
  for (const entry of entries) {
    if (!entry.startsWith(leaving)) continue;
    try {
      rmSync(join(root, entry), { recursive: true, force: true });
    } catch {
      // Somebody else removes it at this moment.
    }
  }
}
