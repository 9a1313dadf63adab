/** For the strace agreement: one run under strace, and how it compares with its plan. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeForkServer, readyForkServer } from '@haco/sys';
import { straceWhile } from '@haco/testkit';
import { expect } from 'vitest';
import { disagreement } from './disagreement.js';
import { haco, orThrow, type Builder, type Outcome } from '../index.js';

/** Ids of Node's own threads. */
export const threads = (): readonly number[] => readdirSync('/proc/self/task').map(Number);

/** How a start is compared. */
export interface CompareOptions {
  /** By a fork server that strace sees too. */
  readonly served?: boolean;
  /** How it is started and comes to its end; by `run()` when left out. */
  readonly act?: () => Promise<Outcome>;
}

/** Do something under strace, when `served` while a fork server is ready. */
async function traced<T>(act: () => Promise<T>, served: boolean) {
  closeForkServer();
  const before = threads();
  const { value, calls } = await straceWhile(process.pid, async () => {
    for (let tries = 0; served && readyForkServer() === undefined && tries < 50; tries++) {
      await orThrow(haco().command('/bin/true').run());
      await sleep(20);
    }
    return act();
  });
  closeForkServer();
  return { value, calls, own: new Set([...before, ...threads()]) };
}

/** Start it under strace; where the plan and the calls part, and the plan. */
export async function compare(builder: Pick<Builder, 'explain' | 'run'>, { served = false, act }: CompareOptions = {}) {
  const plan = orThrow(builder.explain());
  const {
    value: outcome,
    calls,
    own,
  } = await traced(async () => (act === undefined ? orThrow(builder.run()) : act()), served);
  expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0 });
  return { plan, calls, own, parts: disagreement(plan, calls, own) };
}

/** The same of a start that fails at this step. */
export async function compareFailure(builder: Builder, failsAt: string, { served = false } = {}) {
  const plan = orThrow(builder.explain());
  const { value: result, calls, own } = await traced(async () => builder.run(), served);
  expect(result.isErr()).toBe(true);
  return { plan, calls, own, parts: disagreement(plan, calls, own, failsAt) };
}
