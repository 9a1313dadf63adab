/** Clusters for real: order, readiness, shared namespaces, failures, output, and one of a name. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { cluster, haco, orThrow } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const base = () => haco().unshare('mount', 'pid', 'uts').chroot(rootfs.path).tmpfs('/tmp');

/** Milliseconds until twenty programs that do nothing have ended. */
async function spawnTwenty(): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: 20 }, () => once(spawn('/bin/true', { stdio: 'ignore' }), 'close')));
  return performance.now() - began;
}

describeWith(['root', 'busybox', 'probe'], 'a cluster', () => {
  it('starts what others depend on first, when it is ready, and stops it last', async () => {
    await expectNothingLeft(async () => {
      const notes: string[] = [];
      const noted = (name: string, script: string) =>
        base()
          .hook('beforeStartWait', () => void notes.push(`+${name}`))
          .hook('teardown', () => void notes.push(`-${name}`))
          .sh(script);
      const shop = cluster({
        web: { builder: noted('web', 'sleep 60'), dependsOn: ['app'] },
        app: { builder: noted('app', 'sleep 60'), dependsOn: ['db', 'cache'] },
        db: noted('db', 'sleep 0.3; : > /tmp/ready; echo ready at last; sleep 60').readiness({ file: '/tmp/ready' }),
        cache: noted('cache', 'sleep 60'),
      });
      const running = await orThrow(shop.start());
      expect(notes.slice(0, 2).sort()).toEqual(['+cache', '+db']);
      expect(notes.slice(2)).toEqual(['+app', '+web']);
      const outcomes = await orThrow(running.stop({ grace: '50ms' }));
      expect(notes.slice(4, 6)).toEqual(['-web', '-app']);
      expect(notes.slice(6).sort()).toEqual(['-cache', '-db']);
      expect([...outcomes.values()].map((outcome) => orThrow(outcome).reason)).toEqual(
        Array.from({ length: 4 }, () => 'signaled'),
      );
    });
  });

  it('has as many of a member as it says, and names each', async () => {
    await expectNothingLeft(async () => {
      const many = cluster(
        { one: (common) => common.sh('hostname'), few: { builder: (common) => common.sh('hostname'), count: 3 } },
        { name: 'shop', base: base() },
      );
      await using running = await orThrow(many.start());
      const lines: string[] = [];
      const reading = (async () => {
        for await (const { container, text } of running.lines()) lines.push(`${container}=${text}`);
      })();
      await running.wait();
      await reading;
      expect(lines.sort()).toEqual(['few-1', 'few-2', 'few-3', 'one'].map((name) => `shop-${name}=shop-${name}`));
      expect(running.member('few').map(({ name }) => name)).toEqual(['shop-few-1', 'shop-few-2', 'shop-few-3']);
      const text = (await running.output().toArray()).join('');
      expect(text).toContain('shop-one   | shop-one\n');
    });
  });

  it('loses no line for who reads, however fast they come, and shows them while others are still to be started', async () => {
    await expectNothingLeft(async () => {
      const lines = 200_000;
      const shop = cluster({
        // In the background, the shell reads from /dev/null.
        first: base()
          .independent('dev')
          .sh(`trap 'exit 0' TERM; seq ${String(lines)}; : > /tmp/ready; sleep 60 & wait`)
          .readiness({ file: '/tmp/ready' }),
        second: { builder: base().sh(`seq ${String(lines)}`), dependsOn: ['first'] },
      });
      const shown = new PassThrough();
      const text = shown.toArray();
      await using running = await orThrow(shop.start({ output: shown }));
      // A time to live of its own could end before a slow machine has seen that it is ready.
      expect(running.containers.get('first')?.kill('SIGTERM').isOk()).toBe(true);
      const ended = running.wait();
      let read = 0;
      for await (const { container } of running.lines()) read += container === 'second' ? 1 : 0;
      await ended;
      expect(read).toBe(lines);
      shown.end();
      const written = Buffer.concat(await text)
        .toString()
        .trim()
        .split('\n');
      expect(written.filter((line) => line.startsWith('first  | '))).toHaveLength(lines);
      expect(written.at(-1)).toBe(`second | ${String(lines)}`);
    });
  });

  it('does not stand still for a reader who has gone away', async () => {
    await expectNothingLeft(async () => {
      await using running = await orThrow(cluster({ one: base().sh('seq 100000') }).start());
      const lines = running.lines();
      await lines.next();
      expect((await running.wait()).get('one')?._unsafeUnwrap().exitCode).toBe(0);
      expect((await lines.next()).value).toMatchObject({
        stream: 'stderr',
        text: expect.stringMatching(/^haco: \d+ lines were lost here$/),
      });
    });
  });

  it('shares namespaces of one with others', async () => {
    await expectNothingLeft(async () => {
      const shared = cluster({
        side: { builder: haco().unshare('pid').command('sleep', '60'), share: { net: 'main', ipc: 'main' } },
        main: haco().unshare('net', 'ipc', 'pid').command('sleep', '60'),
      });
      await using running = await orThrow(shared.start());
      const of = (name: string, kind: string) =>
        readlinkSync(`/proc/${String(running.containers.get(name)?.pid)}/ns/${kind}`);
      for (const kind of ['net', 'ipc']) {
        expect(of('side', kind)).toBe(of('main', kind));
        expect(of('side', kind)).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
      }
    });
  });

  it('of which one fails to start has none left, and that error is the answer', async () => {
    const failing = cluster({
      db: base().sh('sleep 60'),
      bad: { builder: base().command('/no/such/program'), dependsOn: ['db'] },
      web: { builder: base().sh('sleep 60'), dependsOn: ['bad'] },
    });
    const error = (await expectNothingLeft(() => failing.start()))._unsafeUnwrapErr();
    expect(error.kind).toBe('not-found');
    const late = cluster({
      db: base().readiness({ port: 81, timeout: '100ms' }).sh('sleep 60'),
      web: { builder: base().sh('sleep 60'), dependsOn: ['db'] },
    });
    expect((await expectNothingLeft(() => late.start()))._unsafeUnwrapErr().kind).toBe('timeout');
  });

  it('of a name runs once', async () => {
    await expectNothingLeft(async () => {
      const one = cluster({ a: haco().command('sleep', '60') }, { name: 'haco-test-once' });
      {
        await using running = await orThrow(one.start());
        expect((await one.start())._unsafeUnwrapErr().message).toBe(
          'The cluster "haco-test-once" is already in use; one of this name runs already; stop that one or choose another name.',
        );
        expect(running.containers.size).toBe(1);
      }
      await using again = await orThrow(one.start());
      expect(again.name).toBe('haco-test-once');
    });
  });

  it('of twenty containers is up in 5 ms for each, against spawn() on the same machine', async () => {
    await expectNothingLeft(async () => {
      const twenty = cluster({
        one: { builder: haco().unshare('pid', 'mount', 'uts', 'ipc').command('sleep', '60'), count: 20 },
      });
      const times: number[] = [];
      for (let i = 0; i < 3; i++) {
        const began = performance.now();
        await using running = await orThrow(twenty.start());
        times.push(performance.now() - began);
        expect(running.containers.size).toBe(20);
      }
      console.log(`a cluster of 20: ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`);
      // 5 ms for each on a machine with nothing else to do; on a busy one, by what it takes to spawn as many programs.
      expect(Math.min(...times)).toBeLessThan(Math.max(20 * 5, 3 * (await spawnTwenty())));
    });
  });
});
