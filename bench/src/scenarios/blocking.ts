/** How long a start keeps the event loop from turning: what else the process does has to wait that long. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Contender } from '../contenders/contender.js';
import { hacoContenders } from '../contenders/haco.js';
import { spawnContenders } from '../contenders/spawn.js';
import { onlyWorking } from '../measure.js';
import type { BlockingResult, BlockingRow } from '../results.js';
import { quantile } from '../statistics.js';
import type { ScenarioInput } from './scenario.js';

/** Pauses longer than this are looked at more closely, in milliseconds. */
const suspicious = 0.3;

/** Turns the event loop as fast as it goes and notes the longest pause between two turns. */
class Ticker implements Disposable {
  readonly #schedstat = openSync('/proc/thread-self/schedstat', 'r');
  readonly #buffer = Buffer.alloc(64);
  #last = performance.now();
  #waited = this.#waitedMs();
  #longest = 0;
  #running = true;

  constructor() {
    this.#tick();
  }

  /** How long this thread has waited for a CPU so far: not haco's doing. See sched-stats.rst of the kernel. */
  #waitedMs(): number {
    const length = readSync(this.#schedstat, this.#buffer, 0, this.#buffer.length, 0);
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6;
  }

  readonly #tick = (): void => {
    if (!this.#running) return;
    const now = performance.now();
    let pause = now - this.#last;
    if (pause > suspicious) {
      const waited = this.#waitedMs();
      pause -= waited - this.#waited;
      this.#waited = waited;
      this.#last = performance.now();
    } else {
      this.#last = now;
    }
    if (pause > this.#longest) this.#longest = pause;
    setImmediate(this.#tick);
  };

  /** Begin a start. */
  reset(): void {
    this.#longest = 0;
    this.#waited = this.#waitedMs();
    this.#last = performance.now();
  }

  /** The longest pause since then, also one that is going on. */
  longest(): number {
    this.#tickOnce();
    return this.#longest;
  }

  #tickOnce(): void {
    const pause = performance.now() - this.#last;
    if (pause > this.#longest && pause <= suspicious) this.#longest = pause;
  }

  [Symbol.dispose](): void {
    this.#running = false;
    closeSync(this.#schedstat);
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function longestPauses(contender: Contender, ticker: Ticker, starts: number): Promise<readonly number[]> {
  const pauses: number[] = [];
  for (let i = 0; i < starts; i++) {
    // From turn to turn, so that the synchronous part of the start itself is between two of them.
    await turn();
    ticker.reset();
    await contender.start();
    await turn();
    pauses.push(ticker.longest());
  }
  return pauses;
}

function rowOf({ id, label }: Contender, pauses: readonly number[]): BlockingRow {
  return {
    id,
    label,
    starts: pauses.length,
    median: quantile(pauses, 0.5),
    p99: quantile(pauses, 0.99),
    max: Math.max(...pauses),
    over: pauses.filter((ms) => ms > 1).length,
  };
}

export async function blocking({ stage, amounts }: ScenarioInput): Promise<BlockingResult> {
  // What the loop does without any start: a timer of the length of one.
  const idle: Contender = {
    id: 'idle',
    label: 'nothing but a timer of 1 ms',
    group: 'node',
    start: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 1)),
  };
  const wanted = new Set(['idle', 'spawn', 'haco-none', 'haco-full', 'haco-limits']);
  const { working: contenders } = await onlyWorking(
    [idle, ...spawnContenders(stage), ...hacoContenders(stage)].filter(({ id }) => wanted.has(id)),
  );
  using ticker = new Ticker();
  const pauses = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  const turns = 10;
  for (let i = -1; i < turns; i++) {
    for (const contender of contenders) {
      const found = await longestPauses(contender, ticker, Math.ceil(amounts.rounds / turns) * 2);
      if (i >= 0) pauses.get(contender.id)?.push(...found);
    }
  }
  return { rows: contenders.map((contender) => rowOf(contender, pauses.get(contender.id) ?? [])) };
}
