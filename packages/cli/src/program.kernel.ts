/** The command as it is installed: a small file, and one with everything, whose code is kept compiled. */
import { isAscii } from 'node:buffer';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProgram, describeWith, expectNothingLeft, makeTemporaryDirectory, runCommand } from '@haco/testkit';

describeWith(['root'], 'the command, built', () => {
  let directory: string;
  let home: string;
  beforeAll(async () => {
    directory = await buildProgram({
      packageDirectory: fileURLToPath(new URL('..', import.meta.url)),
      entries: { haco: 'main.ts', 'haco-program': 'cli.ts' },
      external: ['koffi', 'jiti', './cli.js'],
    });
    home = await makeTemporaryDirectory('cli-program');
    writeFileSync(
      join(home, 'job.haco.ts'),
      `import { haco, type Builder } from '@haco/core';
       const builder: Builder = haco().name('haco-test-program').unshare('pid').command('sh', '-c', 'echo $$; exit 7');
       export default builder;`,
    );
  });
  afterAll(() => {
    for (const path of [directory, home]) rmSync(path, { recursive: true, force: true });
  });

  const call = (cache: string, ...words: readonly string[]) =>
    runCommand(['env', `XDG_CACHE_HOME=${join(home, cache)}`, process.execPath, join(directory, 'haco.cjs'), ...words]);
  const codes = (cache: string) => readdirSync(join(home, cache, 'haco/code')).map((name) => name.split('-')[0]);

  it('runs a definition for the first time as with all that was kept, and leaves nothing', async () => {
    const job = join(home, 'job.haco.ts');
    const runs = await expectNothingLeft(async () => [await call('one', 'run', job), await call('one', 'run', job)]);
    for (const { exitCode, stdout, stderr } of runs) expect([exitCode, stdout, stderr]).toEqual([7, '1\n', '']);
    expect(codes('one')).toEqual(['run']);
    expect(readdirSync(join(home, 'one/haco/definitions'))).toEqual([expect.stringMatching(/_job\.haco\.ts\.json$/)]);
  });

  it('keeps code for each command by itself, and for nothing that is none', async () => {
    for (const words of [['ps'], ['version'], ['--help'], ['../../../etc'], ['no-such', 'x']])
      await call('each', ...words);
    expect(codes('each').sort()).toEqual(['help', 'ps', 'version']);
    expect((await call('each', 'runn')).stderr).toContain('haco has no command "runn"');
  });

  it('is ASCII: anything else makes V8 keep it as UTF-16, and reading it takes ten times as long', () => {
    for (const name of readdirSync(directory))
      expect([name, isAscii(readFileSync(join(directory, name)))]).toEqual([name, true]);
  });

  it('believes no code where others can write', async () => {
    mkdirSync(join(home, 'open/haco/code'), { recursive: true });
    chmodSync(join(home, 'open/haco/code'), 0o777);
    expect((await call('open', 'version')).stdout).toMatch(/^haco: v\d+\.\d+\.\d+\n$/);
    expect(codes('open')).toEqual([]);
  });
});
