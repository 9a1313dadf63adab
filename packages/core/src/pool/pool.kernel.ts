/** A pool: containers that wait, whose commands are as isolated, limited and cleaned up after as those of run(). */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeForkServer } from '@haco/sys';
import { describeWith, expectNothingLeft, makeRootfs, straceWhile, type TestRootfs, nodeWith } from '@haco/testkit';
import { disagreement } from '../agreement/disagreement.js';
import { warmUp } from '../fixture.js';
import { haco, orThrow, sandbox, type Builder, type Pool } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const isolated = () =>
  haco()
    .unshare('pid', 'mount', 'uts', 'ipc')
    .chroot(rootfs.path)
    .independent('procfs', 'dev')
    .tmpfs('/tmp')
    .hostname('inside');

/** Use a pool, end it, and find nothing of it. */
async function withPool<T>(builder: Builder, size: number, use: (pool: Pool) => Promise<T>): Promise<T> {
  return expectNothingLeft(async () => {
    await using pool = await orThrow(builder.pool({ size }));
    return await use(pool);
  });
}

/** Processes of this one that wait for a command. */
function parkedPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /^\d+ \(haco-init\) \S (\d+)/.exec(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'))?.[1];
        return Number(parent) === process.pid && isParked(pid);
      } catch {
        return false;
      }
    });
}

const isParked = (pid: number): boolean =>
  readFileSync(`/proc/${String(pid)}/maps`, 'latin1').includes('20000000-20030000');

describeWith(['root', 'busybox', 'probe'], 'a pool', () => {
  test('runs different commands, each with its own arguments, variables, input and end', async () => {
    const outcomes = await withPool(isolated().env({ A: '1' }), 2, async (pool) => [
      await orThrow(pool.run('/bin/echo', 'one', 'two words')),
      await orThrow(
        pool.run({
          command: ['sh', '-c', 'cat; echo $A $B; echo err >&2; exit 3'],
          env: { B: '2' },
          stdin: { text: 'in\n' },
        }),
      ),
      await orThrow(pool.run({ command: ['cat'], stdin: { text: 'x'.repeat(300_000) } })),
    ]);
    expect(outcomes[0]).toMatchObject({ reason: 'exited', exitCode: 0, stdout: 'one two words\n', stderr: '' });
    expect(outcomes[1]).toMatchObject({ exitCode: 3, stdout: 'in\n1 2\n', stderr: 'err\n' });
    expect(outcomes[2]?.stdout).toHaveLength(300_000);
  });

  test('uses each container once: what one run leaves, the next does not find', async () => {
    const found = await withPool(isolated(), 1, async (pool) => {
      const script = 'ls /tmp; echo $$; hostname; touch /tmp/mine; hostname changed';
      return [await orThrow(pool.run('sh', '-c', script)), await orThrow(pool.run('sh', '-c', script))];
    });
    expect(found[0]?.stdout).toBe(found[1]?.stdout);
    expect(found[0]?.stdout.split('\n')[0]).toBe('1');
  });

  test('runs the command of its builder when run() names none', async () => {
    const outcome = await withPool(haco().command('/bin/echo', 'known'), 1, (pool) => orThrow(pool.run()));
    expect(outcome.stdout).toBe('known\n');
  });

  test('serves a burst beyond its size, and is full again afterwards', async () => {
    await withPool(isolated(), 3, async (pool) => {
      const words = Array.from({ length: 20 }, (_, n) => String(n));
      const outcomes = await Promise.all(words.map((word) => orThrow(pool.run('echo', word))));
      expect(outcomes.map(({ stdout }) => stdout)).toEqual(words.map((word) => `${word}\n`));
      while (pool.waiting < 3) await sleep(5);
      expect(pool.size).toBe(3);
    });
  });

  test('refills while long commands run', async () => {
    await withPool(haco(), 2, async (pool) => {
      const long = [pool.run('sleep', '0.4'), pool.run('sleep', '0.4')].map((run) => orThrow(run));
      await sleep(1);
      while (pool.waiting < 2) await sleep(5);
      expect((await Promise.all(long)).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    });
  });

  test('keeps waiting containers out of reach of those of its own kind', async () => {
    const own = (builder: Builder): Builder => builder.user(12_345).caps('none');
    const looks = (pid: number, at: string): Promise<string> =>
      orThrow(
        own(haco())
          .command('/bin/sh', '-c', `cat /proc/${String(pid)}/${at} 2>&1; ls /proc/${String(pid)}/fd 2>&1`)
          .run(),
      ).then(({ stdout }) => stdout);
    await withPool(own(isolated()), 2, async () => {
      const pids = parkedPids();
      expect(pids).toHaveLength(2);
      for (const pid of pids) expect((await looks(pid, 'mem')).match(/Permission denied/g)).toHaveLength(2);
      // The same looks reach what runs.
      await using running = await orThrow(own(haco()).command('/bin/sleep', '60').start());
      const seen = await looks(running.pid, 'mem');
      expect(seen).toMatch(/Input\/output error/);
      expect(seen).not.toContain('Permission denied');
    });
  });

  test('lets a waiting container hold nothing open but a socket', async () => {
    await withPool(isolated().memory('64MiB'), 2, async () => {
      const pids = parkedPids();
      expect(pids).toHaveLength(2);
      for (const pid of pids) {
        const fds = `/proc/${String(pid)}/fd`;
        const open = readdirSync(fds).map((fd) => readlinkSync(join(fds, fd)));
        expect(open.every((target) => target.startsWith('socket:'))).toBe(true);
        expect(readFileSync(`/proc/${String(pid)}/status`, 'latin1')).toMatch(/^NSpid:\t\d+\t1$/m);
      }
    });
  });

  test('passes on nothing but the standard streams, under a filter and an init as well', async () => {
    const builder = isolated().init().seccomp('default').noNewPrivileges().caps('none');
    const outcome = await withPool(builder, 1, (pool) =>
      orThrow(pool.run('sh', '-c', 'ls /proc/$$/fd; grep Seccomp: /proc/$$/status; :')),
    );
    expect(outcome.stdout).toBe('0\n1\n2\nSeccomp:\t2\n');
  });

  test('has what the preset sandbox() has', async () => {
    const outcome = await withPool(sandbox(), 2, (pool) => orThrow(pool.run('sh', '-c', 'echo $$; ls /proc/$$/fd')));
    expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0 });
  });

  test('starts the clock of timeout() with the command, however long the container waited', async () => {
    await withPool(haco().timeout(300), 1, async (pool) => {
      await sleep(400);
      expect((await orThrow(pool.run('true'))).reason).toBe('exited');
      expect((await orThrow(pool.run('sleep', '60'))).reason).toBe('timeout');
      expect((await orThrow(pool.run({ command: ['sleep', '60'], timeout: 20 }))).reason).toBe('timeout');
    });
  });

  test('ends what is aborted, or writes too much', async () => {
    await withPool(haco(), 1, async (pool) => {
      const signal = AbortSignal.timeout(50);
      expect((await orThrow(pool.run({ command: ['sleep', '60'], signal }))).reason).toBe('aborted');
      expect((await pool.run({ command: ['true'], signal }))._unsafeUnwrapErr().kind).toBe('state');
      expect((await orThrow(pool.run({ command: ['yes'], outputLimit: 1000 }))).reason).toBe('output-limit');
    });
  });

  test('counts the limits of each run by itself', async () => {
    const builder = isolated().memory('32MiB').pids(8);
    const [greedy, modest] = await withPool(builder, 2, async (pool) => [
      await orThrow(pool.run('sh', '-c', 'head -c 100000000 /dev/zero | tail')),
      await orThrow(pool.run('true')),
    ]);
    expect(greedy).toMatchObject({ reason: 'oom', enforced: { memory: 'enforced' } });
    expect(modest).toMatchObject({ reason: 'exited', usage: { oomKills: 0, pidsLimitHits: 0 } });
    expect(modest?.usage.memoryPeakBytes).toBeLessThan(8 << 20);
  });

  test('tells of a command that is not there, and goes on', async () => {
    await withPool(isolated(), 1, async (pool) => {
      const error = (await pool.run('nowhere'))._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'not-found', what: 'command', subject: 'nowhere' });
      expect((await orThrow(pool.run('echo', 'on'))).stdout).toBe('on\n');
    });
  });

  test('replaces containers that were ended while they waited', async () => {
    await withPool(isolated(), 2, async (pool) => {
      for (let round = 0; round < 2; round++) {
        for (const pid of parkedPids()) process.kill(pid, 'SIGKILL');
        await sleep(50);
        expect((await orThrow(pool.run('echo', 'new'))).stdout).toBe('new\n');
        while (pool.waiting < 2) await sleep(5);
        await sleep(50);
      }
    });
  });

  test('tells the next run why it could not be refilled', async () => {
    const root = await makeRootfs({ shell: true });
    const errors = await withPool(haco().unshare('mount').chroot(root.path), 1, async (pool) => {
      await root.remove();
      const first = await pool.run('echo', 'x');
      await sleep(100);
      return [first, await pool.run('echo', 'x')];
    });
    expect(errors[1]?._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', what: 'rootfs' });
  });

  test('is refused, and leaves nothing, when its containers cannot be made', async () => {
    const pool = await expectNothingLeft(() => haco().unshare('mount').chroot('/nowhere').pool({ size: 4 }));
    expect(pool._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', what: 'rootfs' });
  });

  test('takes no more commands once it is closed, and waits for those that run', async () => {
    await expectNothingLeft(async () => {
      const pool = await orThrow(isolated().memory('64MiB').pool({ size: 2 }));
      const running = orThrow(pool.run('sh', '-c', 'sleep 0.2; echo done'));
      const closing = pool.close();
      expect((await pool.run('true'))._unsafeUnwrapErr()).toMatchObject({ kind: 'state', state: 'closed' });
      await closing;
      expect(parkedPids()).toEqual([]);
      expect((await running).stdout).toBe('done\n');
      await pool.close();
    });
  });

  test('does not keep Node alive, and ends with it', async () => {
    await expectNothingLeft(async () => {
      expect(await ofNode(pooled('console.log(pool.waiting)'))).toEqual({ text: '3\n', code: 0 });
    });
  });

  test('ends when Node is killed', async () => {
    await expectNothingLeft(
      async () => {
        const killed = pooled(
          "void pool.run('sleep', '60'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)",
        );
        expect(await ofNode(killed)).toEqual({ text: '', code: null });
      },
      { patienceMs: 5000 },
    );
  });
});

/** A program with a pool. */
function pooled(then: string): string {
  const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);
  return `import { haco, orThrow } from ${index};
    const builder = haco().unshare('mount', 'pid').chroot(${JSON.stringify(rootfs.path)}).memory('64MiB');
    const pool = await orThrow(builder.pool({ size: 3 }));
    ${then};`;
}

/** What it prints, and its exit code. */
async function ofNode(program: string): Promise<{ readonly text: string; readonly code: number | null }> {
  const [file = '', ...args] = nodeWith(program);
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const node = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  node.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => node.once('close', resolve));
  return { text, code };
}

describeWith(['root', 'busybox', 'probe', 'strace'], 'strace agrees with explain() of a pool on', () => {
  test('every call, from the host to the command', { timeout: 60_000 }, async () => {
    closeForkServer();
    const threads = () => readdirSync('/proc/self/task').map(Number);
    const before = threads();
    const { value: plan, calls } = await straceWhile(process.pid, async () => {
      await using pool = await orThrow(isolated().user(1000, 1000).caps('none').noNewPrivileges().pool({ size: 1 }));
      expect(await orThrow(pool.run('/bin/true'))).toMatchObject({ reason: 'exited', exitCode: 0 });
      return orThrow(pool.explain());
    });
    expect(disagreement(plan, calls, new Set([...before, ...threads()]))).toBeUndefined();
  });
});
