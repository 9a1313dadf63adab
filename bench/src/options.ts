/** What the command line asks for. */
import { parseArgs } from 'node:util';

export const scenarioNames = ['sequential', 'held', 'throughput', 'live', 'blocking', 'leaks'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** How much is measured. */
export interface Amounts {
  /** Measured starts of each contender. */
  readonly rounds: number;
  /** Starts of each contender that come first and don't count. */
  readonly warmUp: number;
  /** Held by Node in the scenario `held`. */
  readonly heldMiB: number;
  readonly concurrency: number;
  /** Batches of each contender in the scenario `throughput`. */
  readonly batches: number;
  readonly batchSize: number;
  readonly liveContainers: number;
  readonly leakRuns: number;
}

const full: Amounts = {
  rounds: 300,
  warmUp: 30,
  heldMiB: 1024,
  concurrency: 16,
  batches: 12,
  batchSize: 320,
  liveContainers: 500,
  leakRuns: 10_000,
};

const quick: Amounts = {
  rounds: 40,
  warmUp: 10,
  heldMiB: 1024,
  concurrency: 16,
  batches: 4,
  batchSize: 160,
  liveContainers: 100,
  leakRuns: 1000,
};

export interface Options {
  readonly scenarios: readonly ScenarioName[];
  readonly amounts: Amounts;
  /** Whether the measuring process runs before all others of the machine. */
  readonly realtime: boolean;
  /** Whether docs/benchmarks is written anew. */
  readonly write: boolean;
}

export const usage = `npm run bench                    everything; writes docs/benchmarks
npm run bench -- leaks           only these: ${scenarioNames.join(', ')}
npm run bench -- cgroups         snapshots of 500 live containers; writes docs/benchmarks
npm run bench -- cli             the command line and the import of the library, beside Node itself
npm run bench -- unpack          an image as a root filesystem, beside umoci and tar
npm run bench -- seccomp         the compilation of a foreign seccomp profile
npm run bench -- --quick         less of everything, for CI; writes nothing
npm run bench -- --rounds 1000   also --live, --held (MiB), --runs (of leaks)
npm run bench -- --realtime      before all other programs, where the machine is busy; limits of cpu take no part on cgroup v1
npm run bench -- --no-write      print only`;

/** Options, or a sentence about what is wrong with them. */
export function parseOptions(argv: readonly string[]): Options | string {
  const number = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        realtime: { type: 'boolean' },
        'no-write': { type: 'boolean' },
        help: { type: 'boolean' },
        rounds: number,
        live: number,
        held: number,
        runs: number,
      },
    });
    if (values.help === true) return usage;
    const isScenario = (name: string): name is ScenarioName => scenarioNames.some((known) => known === name);
    const scenarios = positionals.filter(isScenario);
    if (scenarios.length !== positionals.length) return `There is no such scenario.\n${usage}`;
    const base = values.quick === true ? quick : full;
    const given = (text: string | undefined, otherwise: number): number => {
      if (text === undefined) return otherwise;
      if (!/^[1-9]\d*$/.test(text)) throw new RangeError(`${text} is not a positive whole number`);
      return Number(text);
    };
    return {
      scenarios: scenarios.length > 0 ? scenarios : scenarioNames,
      amounts: {
        ...base,
        rounds: given(values.rounds, base.rounds),
        liveContainers: given(values.live, base.liveContainers),
        heldMiB: given(values.held, base.heldMiB),
        leakRuns: given(values.runs, base.leakRuns),
      },
      realtime: values.realtime === true,
      // A part of the measurements must not replace a page that shows all of them.
      write: values.quick !== true && values['no-write'] !== true && scenarios.length === 0,
    };
  } catch (error) {
    return `${(error as Error).message}\n${usage}`;
  }
}
