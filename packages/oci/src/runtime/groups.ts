/** The groups of a container: their removal, and who is in them. */
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IoError, StateError, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import type { ContainerRecord } from './container-record.js';

type Groups = Pick<ContainerRecord, 'groups'>;

/** How long the kernel may hold a group whose processes have just ended. */
const patienceMs = 2000;

/** The groups, for what can't be done without. Errors: `state`, where an engine has none, as without root on v1. */
export function groupsFor({ groups }: Groups, what: string): Result<ContainerRecord['groups'], HacoError> {
  if (groups.length > 0) return ok(groups);
  const remedy = 'create it as root, or where a group is delegated to its user';
  return err(new StateError({ what, state: 'it has no control group', remedy }));
}

/** The directory and all groups below it, the deepest first. */
function tree(path: string): readonly string[] {
  try {
    const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...below.flatMap(({ name }) => tree(join(path, name))), path];
  } catch {
    return [];
  }
}

/** Pids of all hierarchies: whoever is in one of them belongs to the container. */
export function pidsOf({ groups }: Groups): readonly number[] {
  const pids = groups.flatMap(({ path }) => tree(path)).flatMap(membersOf);
  return [...new Set(pids)].filter((pid) => pid > 0).sort((a, b) => a - b);
}

function membersOf(directory: string): readonly number[] {
  try {
    const lines = readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map(Number);
  } catch {
    // Removed meanwhile, or a threaded group, whose processes are those of the group above.
    return [];
  }
}

/** Whether it is gone. */
function removeOne(path: string): Result<boolean, HacoError> {
  try {
    rmdirSync(path);
    return ok(true);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    if (errno === 'ENOENT') return ok(true);
    if (errno === 'EBUSY' || errno === 'ENOTEMPTY') return ok(false);
    return err(new IoError({ what: 'remove the group', path, errno, hint: 'remove it with rmdir as its owner' }));
  }
}

/** Remove all of them. Errors: `state`, while processes are in one; `io`. */
export async function removeGroups(record: Groups): Promise<Result<void, HacoError>> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
    let left: string | undefined;
    for (const { path } of record.groups) {
      for (const directory of tree(path)) {
        const removed = removeOne(directory);
        if (removed.isErr()) return err(removed.error);
        if (!removed.value) left = directory;
      }
    }
    if (left === undefined) return ok();
    if (performance.now() > deadline) {
      return err(
        new StateError({
          what: `remove the group ${left}`,
          state: 'processes are in it',
          remedy: 'end them first, e.g. with delete --force',
        }),
      );
    }
    await sleep(pauseMs);
  }
}
