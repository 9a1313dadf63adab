/** Remove a group and the empty groups below it, as soon as the kernel lets go of them. */
import { rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError, type HacoError } from '@haco/plan';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { errnoOf, failure } from './files.js';
import type { GroupDir } from './group-dir.js';
import { descendants, treePidsOf } from './members.js';

/** Remove one directory; true when it is gone, false when it is in use. */
function removeDirectory(path: string): Result<boolean, HacoError> {
  try {
    rmdirSync(path);
    return ok(true);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return ok(true);
    if (errno === 'EBUSY' || errno === 'ENOTEMPTY') return ok(false);
    return err(
      failure({ step: `remove the group ${path}`, path, args: JSON.stringify(path), error, syscall: 'unlinkat' }),
    );
  }
}

function busy(dirs: readonly GroupDir[]): HacoError {
  const pids = treePidsOf(dirs);
  const shown = pids.slice(0, 10).join(', ') + (pids.length > 10 ? ', …' : '');
  return new StateError({
    what: `remove the group ${dirs[0]?.path ?? ''}`,
    state: pids.length === 0 ? 'the kernel still holds it (EBUSY)' : `processes are in it (${shown})`,
    remedy: pids.length === 0 ? 'try again later' : 'stop them first, or call kill() before',
  });
}

/**
 * Remove a group in every hierarchy. Processes that have just ended hold it for a moment, so EBUSY is tried again; while
 * processes live in it, there is nothing to wait for.
 *
 * @param parents - directories to remove too when this was the last group in them
 */
export function removeDirs(
  dirs: readonly GroupDir[],
  parents: readonly string[],
  timeoutMs: number,
): ResultAsync<void, HacoError> {
  const perform = async (): Promise<Result<void, HacoError>> => {
    const deadline = performance.now() + timeoutMs;
    for (let pauseMs = 0; ; pauseMs = Math.min(50, pauseMs * 2 + 1)) {
      // All hierarchies or none: a group whose processes are limited in some only is worse than one that stays.
      let left = treePidsOf(dirs).length;
      for (const { path } of left === 0 ? dirs : []) {
        for (const directory of [...descendants(path), path]) {
          const removed = removeDirectory(directory);
          if (removed.isErr()) return err(removed.error);
          if (!removed.value) left += 1;
        }
      }
      if (left === 0) break;
      if (performance.now() > deadline) return err(busy(dirs));
      await sleep(pauseMs);
    }
    // Others may have groups there, or make one right now: whether it works is no matter.
    for (const parent of parents) removeDirectory(parent).unwrapOr(false);
    return ok(undefined);
  };
  return new ResultAsync(perform());
}
