/** For the strace agreement: one run under strace, and how it compares with its plan. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeForkServer, readyForkServer } from '@haco/sys';
import { straceWhile } from '@haco/testkit';
import { expect } from 'vitest';
import { disagreement } from './agreement.js';
import { haco, orThrow, type Builder } from './index.js';

/** Ids of Node's own threads. */
export const threads = (): readonly number[] => readdirSync('/proc/self/task').map(Number);

/** Run it under strace; where the plan and the calls part, and the plan. `served`: by a fork server that strace sees too. */
export async function compare(builder: Pick<Builder, 'explain' | 'run'>, { served = false } = {}) {
  const plan = orThrow(builder.explain());
  closeForkServer();
  const before = threads();
  const { value: outcome, calls } = await straceWhile(process.pid, async () => {
    for (let tries = 0; served && readyForkServer() === undefined && tries < 50; tries++) {
      await orThrow(haco().command('/bin/true').run());
      await sleep(20);
    }
    return orThrow(builder.run());
  });
  closeForkServer();
  expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0 });
  const own = new Set([...before, ...threads()]);
  return { plan, calls, own, parts: disagreement(plan, calls, own) };
}
