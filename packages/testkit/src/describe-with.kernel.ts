/** What vitest does with a test that this machine can't run. */
import { rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from './run-command.js';
import { makeTemporaryDirectory } from './temporary.js';

const here = dirname(fileURLToPath(import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const content = `
  import { expect, test } from 'vitest';
  import { describeWith } from '${here}/describe-with.ts';
  describeWith(['tool:no-such-program'], 'the impossible', () => { test('never runs', () => { throw new Error('ran'); }); });
  describeWith(['kernel:3.10'], 'the possible', () => { test('runs', () => { expect(1).toBe(1); }); });
`;

/** Runs vitest in a project of its own, which sees this workspace's node_modules. */
async function runVitest(env: Readonly<Record<string, string>>): Promise<{ exitCode: number | null; output: string }> {
  const directory = await makeTemporaryDirectory('vitest');
  try {
    await writeFile(join(directory, 'sample.test.ts'), content);
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    const conditions = `['@haco/source', 'node', 'import', 'module', 'default']`;
    const config = `export default { resolve: { conditions: ${conditions} }, ssr: { resolve: { conditions: ${conditions} } } };`;
    await writeFile(join(directory, 'vitest.config.mjs'), config);
    await symlink(join(here, '../../../node_modules'), join(directory, 'node_modules'));
    const { exitCode, stdout, stderr } = await runCommand([process.execPath, vitest, 'run', '--root', directory], {
      env: { PATH: process.env['PATH'], HOME: directory, NO_COLOR: '1', ...env },
    });
    return { exitCode, output: stdout + stderr };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('what the machine lacks is printed and left out', async () => {
  const { exitCode, output } = await runVitest({});
  expect(output).toContain(`SKIPPED the impossible: the program no-such-program isn't installed\n`);
  expect(output).toContain('1 passed | 1 skipped');
  expect(exitCode).toBe(0);
});

test('with HACO_NO_SKIP=1 it fails the run', async () => {
  const { exitCode, output } = await runVitest({ HACO_NO_SKIP: '1' });
  expect(output).toContain(
    `the impossible can't run here: the program no-such-program isn't installed. HACO_NO_SKIP=1 forbids to leave it out.`,
  );
  expect(exitCode).toBe(1);
});
