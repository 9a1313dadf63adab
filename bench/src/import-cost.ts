/** What `import '@haco/core'` costs a program, beside one that imports nothing. */
import { fileURLToPath } from 'node:url';
import { timeByTurns } from './programs.js';
import type { Target } from './targets.js';

/** Where `@haco/core` is found by its name. */
const directory = fileURLToPath(new URL('..', import.meta.url));

/** The difference of the medians of fresh processes, from their starts to their ends. */
export function measureImport(rounds: number): Target {
  const programs = ['', "import '@haco/core'"].map((code) => ({
    label: code,
    command: [process.execPath, '--input-type=module', '--eval', code] as const,
    cwd: directory,
  }));
  const [none = Number.NaN, core = Number.NaN] = timeByTurns(programs, rounds).map(({ median }) => median);
  return {
    sentence: `import '@haco/core', beyond an empty module (medians of ${String(rounds)} processes: ${core.toFixed(0)} and ${none.toFixed(0)} ms)`,
    measured: `${(core - none).toFixed(0)} ms`,
    wanted: '≤ 40 ms',
    reached: core - none <= 40,
  };
}
