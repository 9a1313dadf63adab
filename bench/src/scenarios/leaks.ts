/** Thousands of containers in one process: it must hold in the end what it held in the beginning. */
import { hacoContenders } from '../contenders/haco.js';
import { readHoldings, readResidentMiB } from '../holdings.js';
import type { LeaksResult } from '../results.js';
import type { ScenarioInput } from './scenario.js';

const samples = 10;

export async function leaks({ stage, amounts }: ScenarioInput): Promise<LeaksResult> {
  // With limits: cgroups are made and removed too.
  const contender = hacoContenders(stage).find(({ id }) => id === 'haco-limits');
  if (contender === undefined) throw new Error('there is no contender with limits');
  const run = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await contender.start();
  };
  await run(Math.max(500, amounts.leakRuns / 10));
  const before = await readHoldings();
  const rss: number[] = [];
  const began = performance.now();
  for (let i = 0; i < samples; i++) {
    await run(amounts.leakRuns / samples);
    rss.push(await readResidentMiB());
  }
  const seconds = (performance.now() - began) / 1000;
  return { runs: amounts.leakRuns, seconds, before, after: await readHoldings(), rss };
}
