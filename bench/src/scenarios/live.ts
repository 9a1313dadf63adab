/** Starts while many other containers live. */
import { readdirSync } from 'node:fs';
import type { Container } from '@haco/core';
import { everySituation } from '../contenders/every-situation.js';
import { full } from '../contenders/haco.js';
import { timeOf } from '../measure.js';
import { rowsOf, type LiveResult } from '../results.js';
import { quantile } from '../statistics.js';
import type { ScenarioInput } from './scenario.js';

/** Of with and without in turn: one of each took so long that a busier machine in one of them decided the ratio. */
const cycles = 9;

const threads = (): number => readdirSync('/proc/self/task').length;

async function startMany(root: string, count: number): Promise<{ containers: Container[]; times: number[] }> {
  const containers: Container[] = [];
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const started = await full(root).command('/bin/pause').start();
    if (started.isErr()) throw started.error;
    times.push(performance.now() - began);
    containers.push(started.value);
  }
  return { containers, times };
}

export async function live({ stage, amounts }: ScenarioInput): Promise<LiveResult> {
  using situation = await everySituation(stage);
  const { contenders } = situation;
  const rounds = Math.ceil(amounts.rounds / cycles);
  const warmUp = Math.ceil(amounts.warmUp / 3);
  const without = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  const crowded = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  const measure = async (into: ReadonlyMap<string, number[]>): Promise<void> => {
    for (const contender of contenders) {
      for (let round = -warmUp; round < rounds; round += contender.every ?? 1) {
        const ms = await timeOf(contender);
        if (round >= 0) into.get(contender.id)?.push(ms);
      }
    }
  };

  const starts: number[] = [];
  let threadsAdded = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    await measure(without);
    const threadsBefore = threads();
    const { containers, times } = await startMany(stage.root, amounts.liveContainers);
    starts.push(...times);
    await measure(crowded);
    threadsAdded = Math.max(threadsAdded, threads() - threadsBefore);
    await Promise.all(containers.map((container) => container[Symbol.asyncDispose]()));
  }
  return {
    containers: amounts.liveContainers,
    threads: threadsAdded,
    startMs: quantile(starts, 0.5),
    without: rowsOf(contenders, without),
    with: rowsOf(contenders, crowded),
  };
}
