/** How long a start keeps the event loop from turning: what else the process does has to wait that long. */
import { closeSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import type { Contender } from '../contenders/contender.js';
import { hacoContenders } from '../contenders/haco.js';
import { spawnContenders } from '../contenders/spawn.js';
import { onlyWorking } from '../measure.js';
import type { BlockingResult, BlockingRow } from '../results.js';
import { quantile } from '../statistics.js';
import type { ScenarioInput } from './scenario.js';

/** Pauses longer than this are looked at more closely, in milliseconds. */
const suspicious = 0.3;

/** From when to when, as performance.now() counts. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** A time between two turns of the event loop, and how much of it the thread could have worked. */
interface Pause extends Span {
  readonly ms: number;
}

/** What the kernel has counted for this thread up to a moment, in milliseconds. */
interface Counted {
  readonly at: number;
  readonly ran: number;
  /** For a CPU, which others had. */
  readonly waited: number;
  /** How often it has given up its CPU to wait for something. */
  readonly sleeps: string;
}

/** Turns the event loop as fast as it goes and notes the pauses between two turns. */
class Ticker implements Disposable {
  readonly #schedstat = openSync('/proc/thread-self/schedstat', 'r');
  readonly #status = openSync('/proc/thread-self/status', 'r');
  readonly #buffer = Buffer.alloc(4096);
  #last = performance.now();
  #counted = this.#count();
  #short: Pause = { from: 0, to: 0, ms: 0 };
  #long: Pause[] = [];
  #running = true;

  constructor() {
    this.#tick();
  }

  #read(fd: number): string {
    return this.#buffer.toString('latin1', 0, readSync(fd, this.#buffer, 0, this.#buffer.length, 0));
  }

  /** See sched-stats.rst of the kernel. */
  #count(): Counted {
    // getrusage(2) brings what this thread has run up to date, which is else done at the next tick of the scheduler.
    process.cpuUsage();
    const [ran = 0, waited = 0] = this.#read(this.#schedstat)
      .split(' ')
      .map((ns) => Number(ns) / 1e6);
    const at = performance.now();
    const sleeps = /^voluntary_ctxt_switches:\t(\d+)/m.exec(this.#read(this.#status))?.[1] ?? '';
    return { at, ran, waited, sleeps };
  }

  /**
   * In which the thread got no CPU, since the last count: other threads had it, or other virtual machines (the kernel takes what they
   * stole off the time that a thread has run). One that sleeps in a system call is held up by that: then only the wait is known.
   */
  #lost({ at, ran, waited, sleeps }: Counted): number {
    const before = this.#counted;
    return sleeps === before.sleeps ? at - before.at - (ran - before.ran) : waited - before.waited;
  }

  readonly #tick = (): void => {
    if (!this.#running) return;
    const now = performance.now();
    const ms = now - this.#last;
    if (ms > suspicious) {
      const counted = this.#count();
      this.#long.push({ from: this.#last, to: now, ms: ms - this.#lost(counted) });
      this.#counted = counted;
      this.#last = performance.now();
    } else {
      if (ms > this.#short.ms) this.#short = { from: this.#last, to: now, ms };
      this.#last = now;
    }
    setImmediate(this.#tick);
  };

  /** Begin a start. */
  reset(): void {
    this.#short = { from: 0, to: 0, ms: 0 };
    this.#long = [];
    this.#counted = this.#count();
    this.#last = performance.now();
  }

  /** Pauses since then: the longest of the short ones, and all that are long. */
  pauses(): readonly Pause[] {
    return [this.#short, ...this.#long];
  }

  [Symbol.dispose](): void {
    this.#running = false;
    closeSync(this.#schedstat);
    closeSync(this.#status);
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Notes when V8 collected garbage: that stops the loop too, whoever made the garbage. */
class Collections implements Disposable {
  readonly #spans: Span[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      this.#spans.push({ from: startTime, to: startTime + duration });
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Milliseconds of collections within that time. */
  within({ from, to }: Span): number {
    return this.#spans
      .map((span) => Math.min(span.to, to) - Math.max(span.from, from))
      .filter((ms) => ms > 0)
      .reduce((sum, ms) => sum + ms, 0);
  }

  /** Entries come a while after what they tell of. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  [Symbol.dispose](): void {
    this.#observer.disconnect();
  }
}

/** One start: its longest pause without collections, and its collections. */
interface Start {
  readonly longest: number;
  readonly collected: number;
}

async function startsOf(
  contender: Contender,
  { ticker, collections, starts }: { ticker: Ticker; collections: Collections; starts: number },
): Promise<readonly Start[]> {
  const found: (readonly Pause[])[] = [];
  for (let i = 0; i < starts; i++) {
    // From turn to turn, so that the synchronous part of the start itself is between two of them.
    await turn();
    ticker.reset();
    await contender.start();
    await turn();
    found.push(ticker.pauses());
  }
  await collections.settled();
  return found.map((pauses) => ({
    longest: Math.max(...pauses.map((pause) => pause.ms - collections.within(pause))),
    collected: pauses.reduce((sum, pause) => sum + collections.within(pause), 0),
  }));
}

function rowOf({ id, label }: Contender, starts: readonly Start[]): BlockingRow {
  const pauses = starts.map(({ longest }) => longest);
  return {
    id,
    label,
    starts: starts.length,
    median: quantile(pauses, 0.5),
    p99: quantile(pauses, 0.99),
    max: Math.max(...pauses),
    over: pauses.filter((ms) => ms > 1).length,
    collections: starts.filter(({ collected }) => collected > 0).length,
    collectionMs: Math.max(...starts.map(({ collected }) => collected)),
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
  const wanted = new Set(['idle', 'spawn', 'haco-none', 'haco-full', 'haco-named', 'haco-other', 'haco-limits']);
  const { working: contenders } = await onlyWorking(
    [idle, ...spawnContenders(stage), ...hacoContenders(stage)].filter(({ id }) => wanted.has(id)),
  );
  using ticker = new Ticker();
  using collections = new Collections();
  const all = new Map<string, Start[]>(contenders.map(({ id }) => [id, []]));
  const turns = 10;
  for (let i = -1; i < turns; i++) {
    for (const contender of contenders) {
      const starts = Math.ceil(amounts.rounds / turns) * 2;
      const found = await startsOf(contender, { ticker, collections, starts });
      if (i >= 0) all.get(contender.id)?.push(...found);
    }
  }
  return { rows: contenders.map((contender) => rowOf(contender, all.get(contender.id) ?? [])) };
}
