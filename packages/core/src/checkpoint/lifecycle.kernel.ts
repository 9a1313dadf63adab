/** Restored containers in the lives that others have: hooks, time limits, registers, supervisors, and the sudden end of Node. */
import { existsSync, rmSync, watch } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { containers, haco, orThrow } from '../index.js';
import { printed, says, spawnProgram } from '../supervise/fixtures.js';

const slow = { timeout: 90_000 };

let rootfs: TestRootfs;
let place: string;
let stateDir: string;
let saved: string;

/** Its file lies in memory, and comes back as it was. */
const counting = () =>
  haco()
    .unshare('mount', 'pid')
    .chroot(rootfs.path)
    .independent('procfs', 'dev')
    .tmpfs('/tmp')
    .command('/bin/sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/count; sleep 0.02; done');

const counted = async (pid: number): Promise<number> =>
  Number(await readFile(`/proc/${String(pid)}/root/tmp/count`, 'utf8').catch(() => '0'));

/** Wait until it has counted on. */
async function grows(pid: number | null): Promise<void> {
  const before = await counted(pid ?? 0);
  for (let tries = 0; (await counted(pid ?? 0)) <= before; tries++) {
    if (tries > 1000) throw new Error(`it doesn't count beyond ${String(before)}`);
    await sleep(20);
  }
}

describeWith(['root', 'busybox', 'criu'], 'a restored container', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    place = await makeTemporaryDirectory('restored');
    stateDir = join(place, 'state');
    saved = join(place, 'saved');
    await warmUp();
    watch('/').close();
    const container = await orThrow(counting().start());
    container.stdout?.resume();
    await grows(container.pid);
    await orThrow(container.checkpoint(saved));
    await container[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    rmSync(place, { recursive: true });
    await rootfs.remove();
  });

  test('has the hooks of a restore among those of a start', slow, async () => {
    const called: string[] = [];
    const points = [
      'setup',
      'beforeFork',
      'beforeRestore',
      'afterFork',
      'afterChroot',
      'afterRestore',
      'beforeStartWait',
      'teardownContainer',
      'teardown',
    ] as const;
    const hooked = points.reduce(
      (builder, point) =>
        builder.hook(point, async ({ pid, run, rootfs: root }) => {
          expect(root).toBe(rootfs.path);
          const inside = pid === undefined ? '' : (await orThrow(run('cat', '/proc/1/comm'))).stdout.trim();
          called.push(`${point} ${inside}`.trim());
        }),
      counting(),
    );
    await expectNothingLeft(async () => {
      const container = await orThrow(hooked.stdout('null').restore(saved));
      await grows(container.pid);
      await container[Symbol.asyncDispose]();
    });
    expect(called).toEqual([
      'setup',
      'beforeFork',
      'beforeRestore',
      'afterRestore sh',
      'beforeStartWait sh',
      'teardownContainer',
      'teardown',
    ]);
    await expectNothingLeft(async () => {
      const failing = counting().hook('beforeRestore', () => {
        throw new Error('not today');
      });
      expect((await failing.restore(saved))._unsafeUnwrapErr().message).toContain(
        'The beforeRestore hook failed: not today',
      );
    });
  });

  test('ends at its time, and when it has said too much', slow, async () => {
    await expectNothingLeft(async () => {
      const timed = await orThrow(counting().restoreFrom(saved).timeout('500ms').run());
      expect(timed.reason).toBe('timeout');
      expect(timed.stdout).toMatch(/^\d+\n\d+\n/);
      const loud = await orThrow(counting().restoreFrom(saved).outputLimit('20B').run());
      expect(loud.reason).toBe('output-limit');
    });
  });

  test('is found by its name, and ends with Node', slow, async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(
        counting().name('again').stdout('null').restore(saved, { register: true, stateDir }),
      );
      const found = await orThrow(containers({ stateDir }).get('again'));
      expect(await orThrow(found.state())).toMatchObject({ status: 'running', pid: container.pid });
      expect((await orThrow(found.exec('cat', '/proc/1/comm'))).stdout).toBe('sh\n');
    });
    await expectNothingLeft(
      async () => {
        const program = spawnProgram(`
          const { pid } = await orThrow(haco().unshare('mount', 'pid').chroot(${JSON.stringify(rootfs.path)})
            .memory('64MiB').independent('procfs', 'dev').tmpfs('/tmp').stdout('null').restore(${JSON.stringify(saved)}));
          console.log('restored', pid);
        `);
        const end = printed(program);
        await says(program, 'restored');
        program.kill('SIGKILL');
        await end;
      },
      { patienceMs: 10_000 },
    );
  });

  test('lives with a supervisor, is saved there, and stays ended whatever its policy says', slow, async () => {
    const place2 = join(place, 'again');
    await expectNothingLeft(
      async () => {
        const builder = counting().name('sup').restart('always').restoreFrom(saved);
        const web = await orThrow(builder.detach({ stateDir }));
        const { pid } = await orThrow(web.state());
        await grows(pid);
        const log = await orThrow(web.logs());
        let lines = 0;
        for await (const { text } of log) lines += /^\d+$/.test(text) ? 1 : 0;
        expect(lines).toBeGreaterThan(0);
        // One that fails changes nothing.
        expect((await web.checkpoint(place2, { criu: '/bin/false' }))._unsafeUnwrapErr().kind).toBe('tool');
        expect(await orThrow(web.state())).toMatchObject({ status: 'running', stopRequested: false });
        await grows(pid);
        await orThrow(web.checkpoint(place2));
        expect(await orThrow(web.wait())).toMatchObject({ signal: 'SIGKILL' });
        expect(await orThrow(web.state())).toMatchObject({ status: 'stopped', restarts: 0 });
        await orThrow(web.remove());
        expect(existsSync(join(place2, 'haco.json'))).toBe(true);
        // What was saved of a restored container can be restored, too.
        await using third = await orThrow(counting().stdout('null').restore(place2));
        await grows(third.pid);
        orThrow(third.kill(0));
      },
      { patienceMs: 10_000 },
    );
    await rm(place2, { recursive: true });
  });
});
