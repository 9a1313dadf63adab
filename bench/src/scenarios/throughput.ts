/** Many at once: how many starts end per second. */
import type { Contender } from '../contenders/contender.js';
import { floorsAtOnce } from '../contenders/floor.js';
import { growth, hacoContenders } from '../contenders/haco.js';
import { poolContender } from '../contenders/pool.js';
import { spawnContenders } from '../contenders/spawn.js';
import { toolContenders } from '../contenders/tools.js';
import { onlyWorking } from '../measure.js';
import { rowsOf, type ThroughputResult } from '../results.js';
import type { ScenarioInput } from './scenario.js';

/** Starts per second over one batch. */
async function rateOf(contender: Contender, concurrency: number, count: number): Promise<number> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await contender.start();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  return count / ((performance.now() - began) / 1000);
}

export async function throughput({ stage, amounts }: ScenarioInput): Promise<ThroughputResult> {
  const { concurrency, batches, batchSize } = amounts;
  const wanted = new Set<string>(['spawn', ...growth]);
  await using pool = poolContender(stage);
  using floors = floorsAtOnce(stage, concurrency);
  const { working: contenders } = await onlyWorking([
    ...[...spawnContenders(stage), ...hacoContenders(stage)].filter(({ id }) => wanted.has(id)),
    pool.contender,
    floors.contender,
    ...toolContenders(stage).contenders,
  ]);
  const rates = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  for (let batch = -1; batch < batches; batch++) {
    for (const contender of contenders) {
      const share = (contender.group === 'tool' ? 4 : 1) * (contender.every === undefined ? 1 : 4);
      const rate = await rateOf(contender, concurrency, batchSize / share);
      if (batch >= 0) rates.get(contender.id)?.push(rate);
    }
  }
  return { concurrency, rows: rowsOf(contenders, rates) };
}
