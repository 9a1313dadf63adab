/** Whole programs beside each other: each started as often as the others, by turns. */
import { spawnSync } from 'node:child_process';
import { summarize, type Summary } from './statistics.js';
import { table } from './table.js';

/** A command, from its start to its end. */
export interface Program {
  readonly label: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Before each start, not timed. */
  readonly prepare?: () => void;
}

function run({ label, command: [file, ...args], cwd, prepare }: Program): number {
  prepare?.();
  const began = performance.now();
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8', ...(cwd === undefined ? {} : { cwd }) });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${label} failed: ${error?.message ?? stderr}`);
  return took;
}

/** All of them by turns, after one of each that brings the files into memory. */
export function timeByTurns(programs: readonly Program[], rounds: number): readonly Summary[] {
  for (const program of programs) run(program);
  const times = programs.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    programs.forEach((program, index) => times[index]?.push(run(program)));
  }
  return times.map(summarize);
}

/** The table: medians, spread, and how often the first program, the reference, is in each. */
export function comparePrograms(programs: readonly [Program, ...Program[]], rounds: number): string {
  const summaries = timeByTurns(programs, rounds);
  const reference = summaries[0]?.median ?? Number.NaN;
  const rows = programs.map(({ label }, index) => {
    const { median, p10, p90 } = summaries[index] ?? summarize([]);
    return [label, ...[median, p10, p90].map((ms) => ms.toFixed(0)), (median / reference).toFixed(2)];
  });
  return table(['program', 'median ms', '10 % below', '10 % above', '× the first'], rows);
}
