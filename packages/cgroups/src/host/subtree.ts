/** On v2: hand controllers down to the groups below, and make way for that when processes are in the group. */
import { mkdirSync } from 'node:fs';
import { leafGroup, StateError, type HacoError } from '@haco/plan';
import { errAsync, okAsync, type ResultAsync } from 'neverthrow';
import { errnoOf, failure, textOf, wordsOf, writeText } from './files.js';
import { pidsOf } from './members.js';

/** Move all processes of a v2 group into its leaf; those that start meanwhile too. */
function moveToLeaf(path: string): ResultAsync<void, HacoError> {
  const leaf = `${path}/${leafGroup}`;
  try {
    mkdirSync(leaf);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') {
      return errAsync(
        failure({ step: `make the group ${leaf}`, path: leaf, args: JSON.stringify(leaf), error, syscall: 'mkdirat' }),
      );
    }
  }
  const round = (left: number): ResultAsync<void, HacoError> => {
    const pids = pidsOf([{ version: 2, path, controllers: [] }]);
    if (pids.length === 0 || left === 0) return okAsync(undefined);
    return pids
      .reduce<ResultAsync<void, HacoError>>(
        (before, pid) =>
          before.andThen(() =>
            writeText(`${leaf}/cgroup.procs`, String(pid), { stepId: 'cgroups.join' }).orElse((error) =>
              error.kind === 'syscall' && error.errno === 'ESRCH' ? okAsync(undefined) : errAsync(error),
            ),
          ),
        okAsync(undefined),
      )
      .andThen(() => round(left - 1));
  };
  return round(8);
}

/**
 * Controllers of threads (cpu, pids, cpuset) are handed down from a group with processes without a word, but that turns it into
 * the root of a threaded tree, and all groups below it become unusable ("domain invalid"). Only the true root has no type.
 */
function wouldTurnThreaded(path: string): boolean {
  return (
    textOf(`${path}/cgroup.type`)?.trim() === 'domain' && pidsOf([{ version: 2, path, controllers: [] }]).length > 0
  );
}

/**
 * Enable controllers for the children of a v2 group. The kernel forbids this for a group that has processes of its own ("no
 * internal processes"): they must be in a leaf.
 *
 * @param moveSelfToLeaf - move them there; otherwise the error says who is in the way
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export function enableControllers(
  path: string,
  controllers: readonly string[],
  moveSelfToLeaf: boolean,
): ResultAsync<void, HacoError> {
  const file = `${path}/cgroup.subtree_control`;
  const enabled = wordsOf(file);
  const missing = controllers.filter((name) => !enabled.includes(name));
  if (missing.length === 0) return okAsync(undefined);
  const write = (): ResultAsync<void, HacoError> =>
    writeText(file, missing.map((name) => `+${name}`).join(' '), { stepId: 'cgroups.enable' });
  const first: ResultAsync<void, HacoError | undefined> = wouldTurnThreaded(path) ? errAsync(undefined) : write();
  return first.orElse((error) => {
    if (error !== undefined && (error.kind !== 'syscall' || error.errno !== 'EBUSY')) return errAsync(error);
    if (moveSelfToLeaf) return moveToLeaf(path).andThen(write);
    const pids = pidsOf([{ version: 2, path, controllers: [] }]);
    return errAsync(
      new StateError({
        what: `hand ${missing.join(', ')} down from ${path} to the groups below it`,
        state: `${String(pids.length)} processes are in it${pids.includes(process.pid) ? ', this one among them' : ''}`,
        remedy: `cgroup v2 allows that only for groups without processes; say moveSelfToLeaf: true to have them moved into ${leafGroup} below it, where they stay under the same limits`,
      }),
    );
  });
}
