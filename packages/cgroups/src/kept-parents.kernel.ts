/** The parent of the containers' groups on the real kernel: there between starts that follow each other, and gone after them. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { haco, orThrow } from '@haco/core';
import { closeForkServer, probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, test } from 'vitest';
import { hierarchiesOf } from './hierarchy.js';

const parents = (): readonly string[] =>
  hierarchiesOf({ memory: 67_108_864, pids: 16 }, probeHost()).map(({ base }) => `${base}/haco`);

/** Whether a group keeps each of them. */
const areKept = (): boolean =>
  parents().every((path) => existsSync(path) && readdirSync(path).some((name) => name.startsWith('~kept-')));
const areGone = (): boolean => !parents().some((path) => existsSync(path));

const limited = haco().memory('64MiB').pids(16).command('/bin/true');

describeWith(['root', 'controller:memory', 'controller:pids'], 'the parent of the groups', () => {
  test('goes with a container that nobody follows', async () => {
    closeForkServer();
    await expect.poll(areGone).toBe(true);
    await orThrow(limited.run());
    expect(areGone()).toBe(true);
  });

  test('stays while starts follow each other, changes none of them, and goes with the fork server', async () => {
    await expectNothingLeft(
      async () => {
        const first = await orThrow(limited.run());
        const second = await orThrow(limited.run());
        await expect.poll(areKept).toBe(true);
        const third = await orThrow(limited.run());
        expect(areKept()).toBe(true);
        for (const { exitCode, enforced } of [first, second, third]) {
          expect({ exitCode, enforced }).toEqual({ exitCode: 0, enforced: { memory: 'enforced', pids: 'enforced' } });
        }
        closeForkServer();
        await expect.poll(areGone).toBe(true);
      },
      { ignore: /^descriptor/ },
    );
  });

  test('goes by itself a second after the last start', async () => {
    for (let i = 0; i < 2; i++) await orThrow(limited.run());
    await expect.poll(areKept).toBe(true);
    await expect.poll(areGone, { timeout: 15_000 }).toBe(true);
  });

  test('goes when Node is killed between two starts', { timeout: 60_000 }, async () => {
    const program = `
      import { haco } from ${JSON.stringify(import.meta.resolve('@haco/core'))};
      for (;;) {
        await haco().memory('64MiB').pids(16).command('/bin/true').run();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }`;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const args = [
      '--conditions=@haco/source',
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '-e',
      program,
    ];
    const child = spawn(process.execPath, args, { cwd, stdio: 'inherit' });
    await expect.poll(areKept, { timeout: 30_000 }).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(areGone, { timeout: 15_000 }).toBe(true);
  });
});
