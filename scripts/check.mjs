// `npm run check`: what can be said about the sources without running them, cheapest first, one line per check.
// It goes on after a failure, so that one run tells everything.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const checks = [
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'], hint: 'npm run format' },
  { name: 'imports', command: ['tsx', 'scripts/check-imports.ts'] },
  {
    name: 'generated',
    command: ['tsx', '--conditions', '@haco/source', 'scripts/gen.ts', '--check'],
    hint: 'npm run gen',
  },
  { name: 'lint', command: ['eslint', '.'] },
  { name: 'unused', command: ['tsx', 'scripts/check-unused.ts'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'exports', command: ['tsx', 'scripts/check-api.ts'], hint: 'npm run gen' },
  { name: 'documents', command: ['tsx', 'scripts/check-documents.ts'] },
  { name: 'snippets', command: ['tsx', 'scripts/check-snippets.ts'] },
];

ensure();
let failed = false;
for (const { name, command, hint } of checks) {
  const [tool = '', ...args] = command;
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(`${root}node_modules/.bin/${tool}`, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const good = status === 0;
  console.log(
    `${good ? '✓' : '✗'} ${name.padEnd(10)} ${seconds.padStart(6)} s${good || !hint ? '' : `   (mend it with: ${hint})`}`,
  );
  if (!good) {
    failed = true;
    console.log(`${stdout}${stderr}`.trimEnd());
  }
}
process.exitCode = failed ? 1 : 0;
