/** A container is frozen whatever its limits are, goes on, and can be ended while it is frozen. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ContainerFreezer } from '@haco/cgroups';
import { probeHost } from '@haco/sys';
import { cpuMsOf, describeWith, expectNothingLeft, nodeWith } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { warmUp } from './fixture.js';
import { attachTo, haco, orThrow, realRuntime, type ProcessHandle, type Runtime } from './index.js';

beforeAll(warmUp);

/** Whether processes use CPU time within 100 ms. */
async function runs(...pids: readonly number[]): Promise<boolean> {
  const before = pids.map(cpuMsOf);
  await sleep(100);
  return pids.some((pid, index) => cpuMsOf(pid) > (before[index] ?? 0));
}

async function childOf({ pid }: ProcessHandle): Promise<number> {
  const children = (): string => readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1');
  await expect.poll(children).not.toBe('');
  return Number(children().split(' ')[0]);
}

const spin = 'while :; do :; done';
/** This machine, as if no v2 hierarchy were mounted; itself where there is no v1. */
const onlyV1: Runtime = {
  ...realRuntime,
  host: () => {
    const { v1 } = probeHost().cgroups;
    return Object.hasOwn(v1, 'freezer') ? { ...probeHost(), cgroups: { mode: 'v1', v1 } } : probeHost();
  },
};
/** A shell that spins, with a child that spins. */
const crowd = `(${spin}) & ${spin}`;
const limited = haco().cpu(100).memory('64MiB').pids(50);

describeWith(['root'], 'freeze', () => {
  test.each([
    ['with limits', limited],
    ['without a cgroup', haco().unshare('pid')],
    ['with a freezer from the start', limited.resources({ freeze: false })],
  ])('stops a container %s, child and all, and lets it go on', async (_name, builder) => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(builder.sh(crowd).start());
      const pids = [container.pid, await childOf(container)];
      for (let round = 0; round < 2; round += 1) {
        await expect.poll(() => runs(...pids), { timeout: 15_000 }).toBe(true);
        await orThrow(container.freeze());
        expect(await runs(...pids)).toBe(false);
        await orThrow(container.thaw());
      }
      await expect.poll(() => runs(...pids), { timeout: 15_000 }).toBe(true);
    });
  });

  test.each([
    ['in its pid namespace', haco().unshare('pid')],
    ['with nothing of its own', haco()],
    ['in its pid namespace, on v1', haco({ runtime: onlyV1 }).unshare('pid')],
    ['with nothing of its own, on v1', haco({ runtime: onlyV1 })],
  ])('stops what was sent in without a cgroup, %s', async (name, builder) => {
    await expectNothingLeft(async () => {
      const container = await orThrow(builder.command('/bin/sleep', '600').start());
      const spawned = await orThrow(container.spawn('/bin/sh', '-c', crowd));
      const called = new AbortController();
      const pending = container.exec({ command: ['/bin/sh', '-c', spin], signal: called.signal });
      // One by the kernel's look only: another handle has sent it.
      await using other = await orThrow(attachTo({ pid: container.pid }));
      const foreign = await orThrow(other.spawn('/bin/sh', '-c', spin));
      const found = name.includes('pid') ? [foreign.pid] : [];
      const childPid = await childOf(spawned);
      const pids = [spawned.pid, childPid, ...found];
      await expect.poll(() => runs(...pids), { timeout: 15_000 }).toBe(true);
      await orThrow(container.freeze());
      expect(await runs(...pids)).toBe(false);
      expect((await container.exec('/bin/true'))._unsafeUnwrapErr().kind).toBe('state');
      await orThrow(container.thaw());
      await expect.poll(() => runs(...pids), { timeout: 15_000 }).toBe(true);
      await orThrow(container.freeze());
      // The container ends; who has no pid namespace to end with goes on, and is ended by its own handle.
      await container[Symbol.asyncDispose]();
      if (found.length === 0) await expect.poll(() => runs(spawned.pid), { timeout: 15_000 }).toBe(true);
      for (const one of [spawned, foreign]) await one[Symbol.asyncDispose]();
      // A child of what has neither a group nor a pid namespace is nobody's to end.
      if (found.length === 0) process.kill(childPid, 'SIGKILL');
      called.abort();
      expect((await orThrow(pending)).reason).toMatch(/^(aborted|signaled)$/);
    });
  });

  test('to thaw what was never frozen is fine', async () => {
    await using container = await orThrow(limited.command('/bin/sleep', '60').start());
    await orThrow(container.thaw());
  });

  test('catches what forks meanwhile', async () => {
    await expectNothingLeft(async () => {
      // Of processes that live shorter than a look takes only a group knows what they use.
      const counted = limited.cgroup('cpuacct.usage', 0);
      await using container = await orThrow(counted.sh('while :; do (:) & (:) & wait; done').start());
      const usedMs = (): number => orThrow(container.stats({ only: ['cpu'] })).cpu?.usageMs ?? Number.NaN;
      for (let round = 0; round < 10; round += 1) {
        await sleep(Math.random() * 10);
        await orThrow(container.freeze());
        const used = usedMs();
        expect(used).toBeGreaterThan(0);
        await sleep(30);
        expect(usedMs()).toBe(used);
        await orThrow(container.thaw());
        await expect.poll(usedMs, { timeout: 15_000 }).toBeGreaterThan(used);
      }
    });
  });

  test('what is frozen can be killed, times out, and is ended with its handle', async () => {
    const onV1 = haco({ runtime: onlyV1 });
    const kinds = [
      limited,
      limited.resources({ freeze: false }),
      haco().unshare('pid'),
      onV1.pids(20),
      onV1.unshare('pid'),
    ];
    for (const builder of kinds) {
      await expectNothingLeft(async () => {
        await using killed = await orThrow(builder.sh(crowd).start());
        await orThrow(killed.freeze());
        expect(killed.kill('SIGKILL').isOk()).toBe(true);
        expect(await orThrow(killed.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
        await using late = await orThrow(builder.timeout(1000).sh(crowd).start());
        await orThrow(late.freeze());
        expect((await orThrow(late.wait())).reason).toBe('timeout');
        await using dropped = await orThrow(builder.sh(crowd).start());
        await orThrow(dropped.freeze());
      });
    }
  });

  test('a container that is frozen from its start ends when it is called off', async () => {
    await expectNothingLeft(async () => {
      for (const builder of [haco(), haco({ runtime: onlyV1 })]) {
        const signal = AbortSignal.timeout(300);
        const frozen = builder.resources({ freeze: true }).signal(signal).command('/bin/true');
        expect(
          (await frozen.run()).match(
            ({ reason }) => reason,
            ({ kind }) => kind,
          ),
        ).toMatch(/^(aborted|state)$/);
      }
    });
  });

  test('when Node is killed meanwhile nothing stays', { timeout: 60_000 }, async () => {
    const program = `
      import { haco, orThrow } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
      const container = await orThrow(haco().name('haco-test-cold').pids(10).sh(${JSON.stringify(crowd)}).start());
      await orThrow(container.freeze());
      console.log('frozen');
      await container.wait();`;
    await expectNothingLeft(
      async () => {
        const [file = '', ...args] = nodeWith(program);
        const cwd = fileURLToPath(new URL('.', import.meta.url));
        const node = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
        const gone = new Promise((resolve) => node.once('close', resolve));
        await new Promise((resolve) => node.stdout.once('data', resolve));
        node.kill('SIGKILL');
        await gone;
      },
      { patienceMs: 5000 },
    );
  });
});

describeWith(['root', 'controller:freezer'], 'the freezer of v1', () => {
  test('serves where no v2 is mounted', async () => {
    const { v1 } = probeHost().cgroups;
    const host = { ...probeHost(), cgroups: { mode: 'v1', v1 } } as const;
    await expectNothingLeft(async () => {
      await using container = await orThrow(haco().unshare('pid').sh(crowd).start());
      const pids = [container.pid, await childOf(container)];
      const freezer = new ContainerFreezer({ name: 'haco-test-v1', section: {}, host: () => host });
      await orThrow(freezer.freeze(container.pid));
      expect(readFileSync(`/proc/${String(container.pid)}/cgroup`, 'latin1')).toMatch(
        /^\d+:freezer:.*\/haco\/haco-test-v1~frozen\.\d+$/m,
      );
      expect(await runs(...pids)).toBe(false);
      container.kill('SIGKILL')._unsafeUnwrap();
      expect(await runs(...pids)).toBe(false);
      freezer.wake();
      await orThrow(container.wait());
      await orThrow(freezer.remove());
    });
  });
});
