/** What `import '@haco/core'` costs a program, beside one that imports nothing. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { summarize } from './statistics.js';
import type { Target } from './targets.js';

/** Where `@haco/core` is found by its name. */
const directory = fileURLToPath(new URL('..', import.meta.url));

/** A fresh process, from its start to its end. */
function run(code: string): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: directory,
    encoding: 'utf8',
  });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${code} failed: ${stderr}`);
  return took;
}

/** Both by turns, after one of each that brings the files into memory; the difference of the medians. */
export function measureImport(rounds: number): Target {
  const programs = ['', "import '@haco/core'"] as const;
  for (const code of programs) run(code);
  const times = programs.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) programs.forEach((code, at) => times[at]?.push(run(code)));
  const [none = Number.NaN, core = Number.NaN] = times.map((all) => summarize(all).median);
  return {
    sentence: `import '@haco/core', beyond an empty module (medians of ${String(rounds)} processes: ${core.toFixed(0)} and ${none.toFixed(0)} ms)`,
    measured: `${(core - none).toFixed(0)} ms`,
    wanted: '≤ 40 ms',
    reached: core - none <= 40,
  };
}
