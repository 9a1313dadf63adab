/** Taking turns: all contenders in one run, so that what disturbs the machine disturbs all of them. */
import type { Absent, Contender } from './contenders/contender.js';

/** Milliseconds of each start, by the contender's id. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** Time of one start in milliseconds. */
export async function timeOf(contender: Contender): Promise<number> {
  const began = performance.now();
  const own = await contender.start();
  return own ?? performance.now() - began;
}

/** Without these nothing is compared: their failure is one of the run. */
const indispensable = ['spawn', 'floor-full', 'haco-none', 'haco-full', 'haco-named', 'haco-other'];

/** Those that work here, tried once each: one that doesn't must not end the run, unless all others are compared with it. */
export async function onlyWorking(
  contenders: readonly Contender[],
): Promise<{ readonly working: readonly Contender[]; readonly absent: readonly Absent[] }> {
  const working: Contender[] = [];
  const absent: Absent[] = [];
  for (const contender of contenders) {
    try {
      await contender.start();
      working.push(contender);
    } catch (error) {
      if (indispensable.includes(contender.id)) throw new Error(`${contender.label} fails`, { cause: error });
      absent.push({ label: contender.label, reason: (error as Error).message });
    }
  }
  return { working, absent };
}

/** The same numbers in every run: an order that looks random, and can be repeated. Not of the testkit, whose sources the measuring process can't load. */
function* shuffles(length: number): Generator<readonly number[], never> {
  let state = 1;
  const below = (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (;;) {
    const order = Array.from({ length }, (_, index) => index);
    for (let i = length - 1; i > 0; i--) {
      const j = below(i + 1);
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    yield order;
  }
}

/**
 * Measure in rounds; in each of them every contender has a turn, in an order that changes. A turn is two starts, of which the
 * second counts: the kernel takes namespaces apart after the result is there, and so each contender meets its own debris, not
 * that of its neighbour.
 */
export async function interleave(
  contenders: readonly Contender[],
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
): Promise<Times> {
  const times = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  const orders = shuffles(contenders.length);
  for (let round = -warmUp; round < rounds; round++) {
    for (const index of orders.next().value) {
      const contender = contenders[index];
      if (contender === undefined || round % (contender.every ?? 1) !== 0) continue;
      await timeOf(contender);
      const ms = await timeOf(contender);
      if (round >= 0) times.get(contender.id)?.push(ms);
    }
  }
  return times;
}
