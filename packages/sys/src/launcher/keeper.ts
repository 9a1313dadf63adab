/**
 * What a series of starts finds ready: a launcher performs steps once, waits, and undoes them when the series ends or Node does,
 * however that ends. It waits at a barrier that is never answered: the end of Node's socket is the notice.
 */
import { closeSync, constants, openSync } from 'node:fs';
import type { Step } from '@haco/plan';
import { encodePlan, wireOrder } from '../codec/encode.js';
import { afterEnd } from '../exit/after-end.js';
import { libc } from '../libc.js';
import { socketPair } from './channel.js';
import { isSeries, whenSeriesEnds } from './fork-server.js';
import { makePlanFile } from './plan-file.js';
import { spawnLauncher } from './spawn.js';

/** By key: the socket to the process that keeps it, or that it couldn't be had in this series. */
const kept = new Map<string, number | 'starting' | 'refused'>();

function endKept(): void {
  for (const channel of kept.values()) if (typeof channel === 'number') libc().close(channel);
  kept.clear();
}

/** Its own steps come first, in the launcher; the undo follows when the barrier fails. */
function begin(steps: readonly Step[], arch: 'x64' | 'arm64'): number | 'refused' {
  const wait: Step = {
    id: 'keep.wait',
    phase: 'prepare',
    label: 'keep it until the series of starts ends',
    why: 'the next start finds it ready',
    from: 'keep',
    operations: [{ op: 'barrier', name: 'kept' }],
  };
  const encoded = encodePlan(wireOrder([...steps, wait]), {
    arch,
    callerPid: process.pid,
    dieWithCaller: true,
    notify: false,
    fds: [],
  });
  const plan = makePlanFile(encoded);
  const pair = socketPair();
  if (plan.isErr() || pair.isErr()) {
    if (plan.isOk()) libc().close(plan.value);
    for (const fd of pair.unwrapOr([])) libc().close(fd);
    return 'refused';
  }
  const [own, theirs] = pair.value;
  const none = openSync('/dev/null', constants.O_RDWR);
  const spawned = spawnLauncher({ stdio: [none, none, none], plan: plan.value, passed: [theirs] });
  closeSync(none);
  libc().close(theirs);
  libc().close(plan.value);
  if (spawned.isErr()) {
    libc().close(own);
    return 'refused';
  }
  afterEnd(spawned.value, () => undefined);
  return own;
}

/**
 * While starts follow each other closely, keep the effect of these steps: of phase `prepare`, and `undo` for the end. It is an economy
 * and no more: what can't be had is done without, and each start's own plan is complete.
 *
 * @param key - what it is, told apart from others of this series
 * @param steps - made only when it isn't kept already
 */
export function keepInSeries(key: string, steps: () => readonly Step[], arch: 'x64' | 'arm64'): void {
  if (!isSeries() || kept.has(key)) return;
  kept.set(key, 'starting');
  whenSeriesEnds(endKept);
  // After the start that is on its way, and in another turn of the event loop than the fork server's.
  setImmediate(() =>
    setImmediate(() => {
      if (kept.get(key) === 'starting') kept.set(key, begin(steps(), arch));
    }),
  );
}
