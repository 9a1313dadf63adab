/** End all processes of a group and of the groups below it. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TimeoutError, type HacoError } from '@haco/plan';
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import { errnoOf, failure, writeNow, writeText } from './files.js';
import { freezerOf, refuseOwn } from './freeze.js';
import type { GroupDir } from './group-dir.js';
import { treePidsOf } from './members.js';

/** Send SIGKILL; that it ended by itself meanwhile is fine. */
function killPid(pid: number): HacoError | undefined {
  try {
    process.kill(pid, 'SIGKILL');
    return undefined;
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return undefined;
    return failure({
      step: `kill process ${String(pid)}`,
      path: '/proc/self',
      args: `${String(pid)}, SIGKILL`,
      error,
      syscall: 'kill',
    });
  }
}

/**
 * One round: on v2 the kernel kills all at once (5.14). Elsewhere the group is frozen first, so that nothing forks away between
 * the reading of the list and the signals, and thawed after them, since only what runs can die.
 */
async function killOnce(dirs: readonly GroupDir[]): Promise<HacoError | undefined> {
  const v2 = dirs.find(({ version, path }) => version === 2 && existsSync(`${path}/cgroup.kill`));
  if (v2 !== undefined) {
    const result = await writeText(`${v2.path}/cgroup.kill`, '1');
    // The last of them has gone, and somebody has removed the group.
    if (result.isErr() && result.error.kind !== 'not-found') return result.error;
  }
  const freezer = freezerOf(dirs);
  if (freezer !== undefined && v2 === undefined) {
    // Best effort: the loop around this catches what forked away.
    writeNow(`${freezer.path}/${freezer.file}`, freezer.values.frozen).unwrapOr(undefined);
  }
  // On a hybrid host a process may have left the v2 group only.
  const problems = treePidsOf(dirs).map(killPid);
  if (freezer !== undefined) writeNow(`${freezer.path}/${freezer.file}`, freezer.values.thawed).unwrapOr(undefined);
  return problems.find((problem) => problem !== undefined);
}

/** Kill until nobody is left. */
export function killAll(dirs: readonly GroupDir[], timeoutMs: number): ResultAsync<void, HacoError> {
  const own = refuseOwn('kill', dirs);
  if (own !== undefined) return errAsync(own);
  const perform = async (): Promise<Result<void, HacoError>> => {
    const deadline = performance.now() + timeoutMs;
    for (let pauseMs = 0; ; pauseMs = Math.min(20, pauseMs * 2 + 1)) {
      if (treePidsOf(dirs).length === 0) return ok(undefined);
      const problem = await killOnce(dirs);
      if (problem !== undefined) return err(problem);
      if (performance.now() > deadline) {
        return err(new TimeoutError({ what: `the processes ${treePidsOf(dirs).join(', ')} to end`, timeoutMs }));
      }
      await sleep(pauseMs);
    }
  };
  return new ResultAsync(perform());
}
