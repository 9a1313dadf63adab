/** Ending everything in the groups of a container, also what is frozen. */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import type { ContainerRecord } from './container-record.js';
import { pidsOf } from './groups.js';

const patienceMs = 10_000;

type Groups = Pick<ContainerRecord, 'groups'>;

/** Send a signal to all in the groups; a process that has ended meanwhile needs none. */
export function signalAll(record: Groups, signal: number): void {
  for (const pid of pidsOf(record)) {
    try {
      process.kill(pid, signal);
    } catch {
      // Ended.
    }
  }
}

/** What v1 has frozen dies only when it is thawed. */
function thaw({ groups }: Groups): void {
  for (const { version, path, controllers } of groups) {
    const file = version === 2 ? `${path}/cgroup.freeze` : `${path}/freezer.state`;
    if (version === 1 && !controllers.includes('freezer')) continue;
    try {
      if (existsSync(file)) writeFileSync(file, version === 2 ? '0' : 'THAWED');
    } catch {
      // What can't be thawed is told when it doesn't end.
    }
  }
}

/** End them all, and wait until they are gone. Errors: `state`, when some don't end. */
export async function killGroups(record: Groups): Promise<Result<void, HacoError>> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 1; pidsOf(record).length > 0; pauseMs = Math.min(50, pauseMs * 2)) {
    signalAll(record, 9);
    thaw(record);
    if (performance.now() > deadline) {
      const state = `processes of it don't end (${pidsOf(record).slice(0, 10).join(', ')})`;
      return err(
        new StateError({
          what: 'end the container',
          state,
          remedy: 'look what they wait for, e.g. in /proc/PID/stack',
        }),
      );
    }
    await sleep(pauseMs);
  }
  return ok();
}
