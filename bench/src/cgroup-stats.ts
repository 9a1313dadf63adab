/** What snapshots cost: one after the other, and of live containers once a second. `npm run bench -- cgroups`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatsOptions } from '@haco/cgroups';
import { haco, orThrow, type Container } from '@haco/core';
import { quantile } from './statistics.js';

/** Figures of one kind of snapshot. */
export interface StatsFigures {
  readonly name: string;
  /** Microseconds for one snapshot, when one is taken after the other. */
  readonly medianUs: number;
  readonly p90Us: number;
  /** CPU time of this process for a snapshot of each container once a second, in percent of a core. */
  readonly corePercent: number;
}

/** What is measured. */
export interface StatsAmounts {
  readonly containers: number;
  /** How often a snapshot of each is taken, one after the other. */
  readonly rounds: number;
  /** For how many seconds a snapshot of each is taken once a second. */
  readonly seconds: number;
}

const kinds: readonly { readonly name: string; readonly options: StatsOptions }[] = [
  { name: 'everything', options: {} },
  { name: 'cpu, memory, pids, io', options: { only: ['cpu', 'memory', 'pids', 'io'] } },
  { name: 'cpu, pids', options: { only: ['cpu', 'pids'] } },
];

function oneAfterTheOther(containers: readonly Container[], options: StatsOptions, rounds: number): readonly number[] {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const container of containers) {
      const began = process.hrtime.bigint();
      orThrow(container.stats(options));
      times.push(Number(process.hrtime.bigint() - began) / 1000);
    }
  }
  return times;
}

/** The timer included, and caches that other programs have used for the rest of the second. */
async function onceASecond(containers: readonly Container[], options: StatsOptions, seconds: number): Promise<number> {
  const before = process.cpuUsage();
  const began = performance.now();
  for (let second = 1; second <= seconds; second += 1) {
    for (const container of containers) orThrow(container.stats(options));
    await sleep(Math.max(0, began + second * 1000 - performance.now()));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ((performance.now() - began) * 10);
}

/** Start containers with limits, look at them, end them. */
export async function measureStats(amounts: StatsAmounts): Promise<readonly StatsFigures[]> {
  const { rounds, seconds } = amounts;
  const limited = haco().unshare('pid').cpu(50).memory('64MiB').pids(20).command('sleep', '3600');
  const containers: Container[] = [];
  try {
    for (let index = 0; index < amounts.containers; index += 1) containers.push(await orThrow(limited.start()));
    const figures: StatsFigures[] = [];
    for (const { name, options } of kinds) {
      oneAfterTheOther(containers, options, 1);
      const times = oneAfterTheOther(containers, options, rounds);
      const corePercent = await onceASecond(containers, options, seconds);
      figures.push({ name, medianUs: quantile(times, 0.5), p90Us: quantile(times, 0.9), corePercent });
    }
    return figures;
  } finally {
    await Promise.all(containers.map((container) => container[Symbol.asyncDispose]()));
  }
}

/** How the page begins. */
export const statsHeading = `# Snapshots of control groups

By \`npm run bench -- cgroups\`: containers with limits of CPU, memory and processes, whose \`stats()\` are asked for one after the other, and then of all of them once
a second for ten seconds, with the CPU time of this process as the cost.`;

/** Figures as a table. */
export function statsTable(figures: readonly StatsFigures[], { containers }: StatsAmounts): string {
  return [
    `| snapshot of | median | p90 | ${String(containers)} live containers at 1 Hz |`,
    '| --- | --- | --- | --- |',
    ...figures.map(
      ({ name, medianUs, p90Us, corePercent }) =>
        `| ${name} | ${(medianUs / 1000).toFixed(3)} ms | ${(p90Us / 1000).toFixed(3)} ms | ${corePercent.toFixed(1)} % of a core |`,
    ),
  ].join('\n');
}
