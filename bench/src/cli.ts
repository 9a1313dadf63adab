/** What the command line costs beside Node itself. `npm run bench -- cli`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { comparePrograms } from './programs.js';

const cli = fileURLToPath(new URL('../../packages/cli/dist/haco.cjs', import.meta.url));
const definition = `import { haco } from '@haco/core';
export default haco().name('haco-bench-cli').unshare('pid', 'mount').command('/bin/true');
`;

/** Run everything; the table. */
export function measureCli(rounds: number): string {
  const home = mkdtempSync(join(tmpdir(), 'haco-bench-'));
  const [mjs, ts] = ['x.haco.mjs', 'x.haco.ts'].map((name) => join(home, name)) as [string, string];
  try {
    for (const file of [mjs, ts]) writeFileSync(file, definition);
    const node = process.execPath;
    return comparePrograms(
      [
        { label: 'node -e 0', command: [node, '-e', '0'] },
        { label: 'haco version', command: [node, cli, 'version'] },
        { label: 'haco ps', command: [node, cli, 'ps'] },
        { label: 'haco run x.haco.mjs', command: [node, cli, 'run', mjs] },
        { label: 'haco run x.haco.ts', command: [node, cli, 'run', ts] },
      ],
      rounds,
    );
  } finally {
    rmSync(home, { recursive: true });
  }
}
