/** The same while Node holds much memory, which fork(2) has to copy the page tables of. */
import { everySituation } from '../contenders/every-situation.js';
import { interleave } from '../measure.js';
import { rowsOf, type HeldResult } from '../results.js';
import type { ScenarioInput } from './scenario.js';

interface Node {
  readonly next: Node | undefined;
  readonly values: readonly number[];
}

/** Memory that is really there: half of it Buffers, half of it objects on the heap of JavaScript. */
function hold(mebibytes: number): readonly unknown[] {
  const buffers: Buffer[] = [];
  for (let i = 0; i < mebibytes / 2; i++) buffers.push(Buffer.alloc(1024 * 1024, i));
  let list: Node | undefined;
  const before = process.memoryUsage().heapUsed;
  const target = before + (mebibytes / 2) * 1024 * 1024;
  while (process.memoryUsage().heapUsed < target) {
    for (let i = 0; i < 1000; i++) list = { next: list, values: Array.from({ length: 32 }, (_, n) => n * 1.5 + i) };
  }
  return [buffers, list];
}

export async function held({ stage, amounts }: ScenarioInput): Promise<HeldResult> {
  const held = hold(amounts.heldMiB);
  using situation = await everySituation(stage);
  const { contenders } = situation;
  const rounds = Math.ceil(amounts.rounds / 3);
  const times = await interleave(contenders, { rounds, warmUp: Math.ceil(amounts.warmUp / 3) });
  // Used after the measurements, so that nothing of it was collected before.
  return { heldMiB: held.length > 0 ? amounts.heldMiB : 0, rows: rowsOf(contenders, times) };
}
