/** What snapshots of groups cost: one, and 500 groups once a second. `npm run bench -- cgroups`. */
import { createGroup, orThrow, type Group, type StatsOptions } from '@haco/cgroups';
import { quantile } from './statistics.js';

/** Figures of one kind of snapshot. */
export interface StatsFigures {
  readonly name: string;
  /** Microseconds for one snapshot, when one is taken after the other. */
  readonly medianUs: number;
  readonly p90Us: number;
  /** CPU time for one look at all groups, in percent of a core when done each second. */
  readonly corePercent: number;
}

/** What is measured. */
export interface StatsAmounts {
  readonly groups: number;
  /** How often all groups are looked at. */
  readonly rounds: number;
}

const kinds: readonly { readonly name: string; readonly options: StatsOptions }[] = [
  { name: 'everything', options: {} },
  { name: 'cpu, memory, pids, io', options: { only: ['cpu', 'memory', 'pids', 'io'] } },
  { name: 'cpu, pids', options: { only: ['cpu', 'pids'] } },
];

function measure(groups: readonly Group[], name: string, options: StatsOptions, rounds: number): StatsFigures {
  for (const group of groups) orThrow(group.stats(options));
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    for (const group of groups) {
      const began = process.hrtime.bigint();
      orThrow(group.stats(options));
      times.push(Number(process.hrtime.bigint() - began) / 1000);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return {
    name,
    medianUs: quantile(times, 0.5),
    p90Us: quantile(times, 0.9),
    corePercent: (user + system) / rounds / 10_000,
  };
}

/** Make groups, look at them, remove them. */
export async function measureStats({ groups: count, rounds }: StatsAmounts): Promise<readonly StatsFigures[]> {
  const groups: Group[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const name = `haco-bench-${String(process.pid)}-${String(index)}`;
      groups.push(await orThrow(createGroup({ name, cpu: 50, memory: '64MiB', pids: 20 })));
    }
    return kinds.map(({ name, options }) => measure(groups, name, options, rounds));
  } finally {
    for (const group of groups) await orThrow(group.remove());
  }
}

/** Figures as a table. */
export function statsTable(figures: readonly StatsFigures[], { groups }: StatsAmounts): string {
  return [
    `| snapshot of | median | p90 | ${String(groups)} groups at 1 Hz |`,
    '| --- | --- | --- | --- |',
    ...figures.map(
      ({ name, medianUs, p90Us, corePercent }) =>
        `| ${name} | ${(medianUs / 1000).toFixed(3)} ms | ${(p90Us / 1000).toFixed(3)} ms | ${corePercent.toFixed(1)} % of a core |`,
    ),
  ].join('\n');
}
