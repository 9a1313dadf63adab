/** `haco checkpoint` and `haco restore`, with definitions, clusters and flags. */
import { existsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHaco, startHaco, testHome, until } from './testing.js';

const slow = { timeout: 240_000 };
const patient = { patienceMs: 10_000 };

const home = testHome('cli-checkpoint');
let rootfs: TestRootfs;

beforeAll(async () => {
  rootfs = await makeRootfs({ shell: true });
});
afterAll(async () => {
  await rootfs.remove();
});

function define(name: string, text: string): string {
  const path = join(home.path, name);
  writeFileSync(path, `import { cluster, haco } from '@haco/core';\n${text}\n`);
  return path;
}

const job = (): string =>
  `haco().unshare('mount', 'pid').chroot(${JSON.stringify(rootfs.path)}).independent('procfs', 'dev').stdin('null').stdout('pipe').stderr('pipe')`;
const loop = `'i=0; while [ ! -e /tmp/end ]; do i=$((i+1)); echo "at $i"; sleep 0.05; done; exit 4'`;

describeWith(['root', 'busybox', 'criu'], 'haco checkpoint and haco restore', () => {
  it('take a container from one terminal to the other, and on its own', slow, async () => {
    const file = define('job.haco.ts', `export default ${job()}.name('job').restart('always').pids(20).sh(${loop});`);
    await expectNothingLeft(async () => {
      const run = startHaco(['run', file]);
      await until(() => run.stdout().includes('at 5\n'), run.stdout);
      const saved = await runHaco(['checkpoint', file]);
      expect(saved).toMatchObject({ code: 0, stdout: `${join(home.path, 'state/.checkpoints/job')}\n`, stderr: '' });
      expect((await run.ended).code).toBe(137);

      // On its own, and saved again there; its policy doesn't bring it back.
      expect(await runHaco(['restore', '-D', file])).toMatchObject({ code: 0, stdout: 'job\n', stderr: '' });
      await until(
        async () => /at \d+\n/.test((await runHaco(['logs', 'job'])).stdout),
        () => 'no line',
      );
      expect((await runHaco(['exec', 'job', '--', 'cat', '/proc/1/comm'])).stdout).toBe('sh\n');
      const again = join(home.path, 'again');
      const second = await runHaco(['checkpoint', '--json', '-R', '-d', again, 'job']);
      expect(JSON.parse(second.stdout)).toEqual({ directory: again, name: 'job' });
      expect((await runHaco(['wait', 'job'])).stdout).toBe('137\n');
      expect((await runHaco(['logs', 'job'])).stdout).not.toMatch(/^at 1$/m);
      expect((await runHaco(['rm', 'job'])).code).toBe(0);

      // In the foreground, with another name and its own end.
      const restored = startHaco(['restore', '-T', '-D', '-d', again, '--name', 'job-2', '--pids', '30', file]);
      await until(() => /at \d+\n/.test(restored.stdout()), restored.stdout);
      expect((await runHaco(['ps', '-q'])).stdout).toBe('job-2\n');
      writeFileSync(rootfs.inside('/tmp/end'), '');
      expect(await restored.ended).toMatchObject({ code: 4, stderr: '' });
      await rm(rootfs.inside('/tmp/end'));
    }, patient);
  });

  it('take one container of a cluster, by its name', slow, async () => {
    const file = define(
      'shop.haco.ts',
      `export default cluster({ a: ${job()}.sh(${loop}), b: ${job()}.sh(${loop}) }, { name: 'shop' });`,
    );
    const saved = join(home.path, 'saved');
    await expectNothingLeft(async () => {
      expect(await runHaco(['run', '-D', file])).toMatchObject({ code: 0, stdout: 'shop-a\nshop-b\n' });
      expect(await runHaco(['checkpoint', file])).toMatchObject({
        code: 125,
        stderr: 'haco: "haco checkpoint" saves one container, and these are shop-a, shop-b; say which with --name.\n',
      });
      expect(await runHaco(['checkpoint', '-n', 'shop-b', '-d', saved, file])).toMatchObject({ code: 0 });
      await runHaco(['kill', '-s', 'KILL', 'shop-a']);
      await runHaco(['rm', 'shop-a', 'shop-b']);
      expect(await runHaco(['restore', '-d', saved, file])).toMatchObject({
        code: 125,
        stderr: 'haco: "haco restore" restores one container, and these are shop-a, shop-b; say which with --name.\n',
      });
      expect(await runHaco(['restore', '-D', '-n', 'shop-b', '-d', saved, file])).toMatchObject({
        code: 0,
        stdout: 'shop-b\n',
        stderr: '',
      });
      expect((await runHaco(['kill', '-s', 'KILL', 'shop-b'])).code).toBe(0);
      await runHaco(['rm', 'shop-b']);
    }, patient);
  });
});

describeWith(['root', 'busybox'], 'haco checkpoint and haco restore without CRIU', () => {
  it('say how to get it, and what else is wrong', slow, async () => {
    const file = define('other.haco.ts', `export default ${job()}.name('other').sh(${loop});`);
    await expectNothingLeft(async () => {
      const run = startHaco(['run', file]);
      await until(() => run.stdout().includes('at 1\n'), run.stdout);
      const env = { HACO_CRIU: 'no-such-criu' };
      const sentence = `haco: Could not start "no-such-criu": the program isn't installed; install it with "apt-get install criu".\n`;
      const saved = join(home.path, 'never');
      expect(await runHaco(['checkpoint', '-d', saved, 'other'], { env })).toMatchObject({
        code: 125,
        stderr: sentence,
      });
      expect(existsSync(saved)).toBe(false);
      expect(await runHaco(['restore', '-d', saved, '-n', 'x', file], { env })).toMatchObject({
        code: 125,
        stderr: sentence,
      });
      expect(await runHaco(['checkpoint', '--log-level', '9', 'other'])).toMatchObject({
        code: 125,
        stderr: 'haco: The option --log-level takes 1 to 4, not "9".\n',
      });
      expect(await runHaco(['checkpoint'])).toMatchObject({
        stderr: 'haco: Say which container: its name, its definition, or --target PID.\n',
      });
      expect(await runHaco(['restore'])).toMatchObject({
        stderr: 'haco: "haco restore" needs the definition of the container, or its flags.\n',
      });
      expect(await runHaco(['restore', '--external', 'x', file])).toMatchObject({
        stderr: 'haco: The option --external doesn\'t understand "x"; write TARGET=SOURCE.\n',
      });
      run.kill('SIGTERM');
      run.kill('SIGTERM');
      await runHaco(['kill', '-s', 'KILL', 'other']);
      await run.ended;
    }, patient);
  });
});
