/** Starts while many other containers live. */
import { readdirSync } from 'node:fs';
import type { Container } from '@haco/core';
import type { Contender } from '../contenders/contender.js';
import { floorContenders } from '../contenders/floor.js';
import { full, hacoContenders } from '../contenders/haco.js';
import { spawnContenders } from '../contenders/spawn.js';
import { interleave } from '../measure.js';
import { rowsOf, type LiveResult } from '../results.js';
import { quantile } from '../statistics.js';
import type { ScenarioInput } from './scenario.js';

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
  using floors = floorContenders(stage);
  const wanted = new Set(['spawn', 'haco-none', 'haco-full', 'floor-full']);
  const contenders: readonly Contender[] = [
    ...spawnContenders(stage),
    ...hacoContenders(stage),
    ...floors.contenders,
  ].filter(({ id }) => wanted.has(id));
  const rounds = Math.ceil(amounts.rounds / 3);
  const measure = () => interleave(contenders, { rounds, warmUp: amounts.warmUp });

  const first = await measure();
  const threadsBefore = threads();
  const { containers, times } = await startMany(stage.root, amounts.liveContainers);
  const crowded = await measure();
  const threadsAdded = threads() - threadsBefore;
  await Promise.all(containers.map((container) => container[Symbol.asyncDispose]()));
  // Without them once more, so that a machine that became slower meanwhile doesn't count against either side.
  const last = await measure();
  const without = new Map(contenders.map(({ id }) => [id, [...(first.get(id) ?? []), ...(last.get(id) ?? [])]]));
  return {
    containers: containers.length,
    threads: threadsAdded,
    startMs: quantile(times, 0.5),
    without: rowsOf(contenders, without),
    with: rowsOf(contenders, crowded),
  };
}
