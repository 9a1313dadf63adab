/** What a crash has left of a container: its processes are ended, its groups removed, and what happened is written down. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { Outcome } from '../outcome.js';
import type { ContainerState } from './container-state.js';
import type { ContainerDirectory } from './directory.js';
import { groupOf, removeGroups } from './groups.js';
import { bootId } from './process-identity.js';
import { discardDirectory, lockDirectory } from './lock-directory.js';
import { releaseLock } from './lock.js';
import { signalProcess, waitForEnd } from './signal-process.js';

const SIGKILL = 9;
const patienceMs = 5000;

/** Remove a pid file, if it still speaks of this container. */
export function removePidFile(state: ContainerState): void {
  if (state.pidFile === null || state.pid === null) return;
  try {
    if (readFileSync(state.pidFile, 'utf8').trim() === String(state.pid)) rmSync(state.pidFile);
  } catch {
    // Gone already, or never made.
  }
}

/** How a container ended whose owner can't tell: killed with it. What its group has counted is still there. */
function lostOutcome(state: ContainerState): Outcome {
  const group = groupOf(state);
  const stats = group?.stats().unwrapOr(undefined);
  group?.close();
  return {
    reason: 'signaled',
    exitCode: null,
    signal: 'SIGKILL',
    stdout: '',
    stderr: '',
    durationMs: Math.max(0, Date.now() - Date.parse(state.startedAt ?? state.createdAt)),
    usage: {
      userMs: stats?.cpu?.userMs ?? 0,
      systemMs: stats?.cpu?.systemMs ?? 0,
      memoryPeakBytes: stats?.memory?.peakBytes ?? 0,
      oomKills: 0,
      pidsLimitHits: 0,
      throttledMs: 0,
    },
    enforced: {},
    steps: [],
  };
}

/** The sentence of a container that nobody holds any more. */
function failureOf({ supervisor, bootId: boot }: ContainerState): string {
  if (boot !== bootId()) return 'The machine was started again meanwhile.';
  const who = supervisor?.detached === true ? 'supervisor' : 'program that started it';
  return `Its ${who} (process ${String(supervisor?.pid ?? 0)}) was ended, and the container with it.`;
}

/** The state after everything of the lost container was ended and removed. */
async function recover(
  directory: ContainerDirectory,
  state: ContainerState,
): Promise<Result<ContainerState, HacoError>> {
  const outcome = state.pid === null && state.outcome !== null ? state.outcome : lostOutcome(state);
  if (state.bootId === bootId()) {
    if (state.pid !== null && state.startTime !== null) {
      const identity = { pid: state.pid, startTime: state.startTime };
      const sent = signalProcess(identity, SIGKILL);
      if (sent.isErr()) return err(sent.error);
      // What is frozen can't die before its group is thawed, which removing the group does.
      void (await waitForEnd(identity, state.status === 'paused' ? 50 : patienceMs));
    }
    const removed = await removeGroups(state);
    if (removed.isErr()) return err(removed.error);
  }
  removePidFile(state);
  rmSync(directory.socketPath, { force: true });
  return ok({
    ...state,
    status: 'stopped',
    pid: null,
    startTime: null,
    supervisor: null,
    cgroups: [],
    finishedAt: new Date().toISOString(),
    outcome,
    failure: failureOf(state),
  });
}

/**
 * Look at a container, and tidy up when its owner is gone without having told its end. Undefined: there is none.
 *
 * Errors: `io`, when its state can't be read; `permission`, `syscall`, `timeout`, when something of it can't be removed.
 */
export async function look(directory: ContainerDirectory): Promise<Result<ContainerState | undefined, HacoError>> {
  const seen = directory.read();
  if (seen.isErr()) return err(seen.error);
  if (seen.value === undefined && !existsSync(directory.path)) return ok(undefined);
  const isOver = seen.value?.status === 'stopped' && !seen.value.autoRemove;
  if (isOver || directory.isHeld) return ok(seen.value);
  const lock = lockDirectory(directory);
  if (lock.isErr()) return err(lock.error);
  // Somebody else tidies up, or starts it anew.
  if (lock.value === undefined) return directory.read();
  try {
    const now = directory.read();
    if (now.isErr()) return err(now.error);
    if (now.value === undefined) {
      discardDirectory(directory);
      return ok(undefined);
    }
    if (now.value.status === 'stopped' && !now.value.autoRemove) return ok(now.value);
    const recovered = now.value.status === 'stopped' ? ok(now.value) : await recover(directory, now.value);
    if (recovered.isErr()) return err(recovered.error);
    // What never ran has nothing to tell.
    if (recovered.value.autoRemove || now.value.status === 'creating') {
      discardDirectory(directory);
      return ok(undefined);
    }
    return directory.writeLast(recovered.value).map(() => recovered.value);
  } finally {
    releaseLock(lock.value);
  }
}
