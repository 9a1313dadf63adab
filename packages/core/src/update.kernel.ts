/** A container that runs: its limits change, it is measured, watched, stopped and let go on. */
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { openGroup } from '@haco/cgroups';
import { closeForkServer, probeHost } from '@haco/sys';
import { cpuMsOf, describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { haco, orThrow, type Container } from './index.js';

/** A container that sleeps, with a cgroup. */
async function sleep(use: (container: Container) => Promise<void>): Promise<void> {
  await using container = await orThrow(
    haco().name('haco-test-update').pids(32).memory('64MiB').cpu(50).command(probePath(), 'sleep', '60').start(),
  );
  await use(container);
}

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

const sleeping = (use: (container: Container) => Promise<void>): Promise<void> => expectNothingLeft(() => sleep(use));

describeWith(['root', 'probe'], 'a running container', () => {
  // What stays with the process from its first start on is not what a test leaves behind.
  beforeAll(() => sleep(() => Promise.resolve()));

  test('gets new limits in its cgroup and new rlimits, and says what they were', () =>
    sleeping(async (container) => {
      const report = await orThrow(
        container.update({ memory: '128MiB', pids: 16, rlimits: { nofile: { soft: 64, hard: 128 } } }),
      );
      expect(report.rlimits).toMatchObject([{ kind: 'nofile', to: { soft: 64, hard: 128 } }]);
      expect(report.limits.map(({ to }) => to).sort()).toEqual(['134217728', '16']);
      expect(readFileSync(`/proc/${String(container.pid)}/limits`, 'utf8')).toMatch(/Max open files\s+64\s+128/);
      expect(orThrow(container.stats()).pids).toMatchObject({ max: 16 });
    }));

  test('is slower from then on when it is given less of a CPU, and may start fewer when given fewer processes', () =>
    expectNothingLeft(async () => {
      const script = `read go; (sleep 60 & sleep 60 & sleep 60 &) 2>&-; exec ${probePath()} spin 60`;
      await using container = await orThrow(haco().cpu(80).pids(64).sh(script).start());
      await orThrow(container.update({ cpu: 10, pids: 2 }));
      container.stdin?.write('go\n');
      await expect
        .poll(() => orThrow(container.stats({ only: ['pids'] })).pids?.limitHits, { timeout: 15_000 })
        .toBeGreaterThan(0);
      const [used, began] = [cpuMsOf(container.pid), performance.now()];
      await sleepMs(1500);
      const share = (cpuMsOf(container.pid) - used) / (performance.now() - began);
      // A period of 100 ms may have begun before, and end after.
      expect(share).toBeLessThan(0.13);
      expect(share).toBeGreaterThan(0);
      expect(orThrow(container.stats({ only: ['cpu'] })).cpu?.throttledMs).toBeGreaterThan(0);
    }));

  test('keeps all of its limits when one is refused, in the cgroup or after it', () =>
    sleeping(async (container) => {
      const limits = (): string => readFileSync(`/proc/${String(container.pid)}/limits`, 'utf8');
      const before = limits();
      const refusedByGroup = await container.update({
        pids: 8,
        keys: { 'cpu.shares': 'nonsense' },
        rlimits: { core: 0 },
      });
      expect(refusedByGroup.isErr()).toBe(true);
      expect(orThrow(container.stats()).pids).toMatchObject({ max: 32 });
      expect(limits()).toBe(before);
      // Above fs.nr_open, which not even root may have.
      const refusedByRlimit = await container.update({ pids: 8, rlimits: { nofile: 2 ** 40 } });
      expect(refusedByRlimit._unsafeUnwrapErr()).toMatchObject({ kind: 'permission', cleanup: [] });
      expect(orThrow(container.stats()).pids).toMatchObject({ max: 32 });
      expect(limits()).toBe(before);
    }));

  test('refuses nonsense with the path of every problem', () =>
    sleeping(async (container) => {
      const error = (await container.update({ rlimits: { nofile: -1 } }))._unsafeUnwrapErr();
      expect(error).toMatchObject({
        kind: 'invalid-spec',
        issues: [{ path: 'rlimits.nofile' }],
      });
      const typos = { memroy: '1GiB', cpuTimeout: '2s', rlimits: { core: { soft: 1 } } };
      expect((await container.update(typos as never))._unsafeUnwrapErr().message).toBe(
        'The spec has 3 problems: memroy: is not known here; there are cpu, memory, pids, resources, keys, rlimits; cpuTimeout: is not known here; there are cpu, memory, pids, resources, keys, rlimits; rlimits.core.hard: is missing; give soft and hard.',
      );
      expect((await container.update(null as never))._unsafeUnwrapErr().message).toBe(
        'The spec is invalid: limits: null is not an object.',
      );
    }));

  test('lowers no rlimit, and no limit of its cgroup, when another rlimit makes no sense', () =>
    sleeping(async (container) => {
      const limits = (): string => readFileSync(`/proc/${String(container.pid)}/limits`, 'utf8');
      const before = limits();
      const error = (
        await container.update({ pids: 8, rlimits: { core: 0, nofile: { soft: 10, hard: 5 } } })
      )._unsafeUnwrapErr();
      expect(error.message).toBe(
        'The spec is invalid: rlimits.nofile: the soft limit 10 is above the hard limit 5; raise the hard limit.',
      );
      expect(limits()).toBe(before);
      expect(orThrow(container.stats()).pids).toMatchObject({ max: 32 });
    }));

  test('is allowed no device when what comes after it is refused', async () => {
    await using container = await orThrow(
      haco()
        .name('haco-test-update')
        .resources({ devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }] })
        .command(probePath(), 'sleep', '60')
        .start(),
    );
    const rules = (): string => readFileSync('/sys/fs/cgroup/devices/haco/haco-test-update/devices.list', 'utf8');
    if (!existsSync('/sys/fs/cgroup/devices/haco/haco-test-update')) return;
    const before = rules();
    const devices = [{ allow: true, type: 'c', major: 1, minor: 8, access: 'r' }] as const;
    const error = (await container.update({ resources: { devices }, rlimits: { nofile: 2 ** 40 } }))._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'permission', cleanup: [] });
    expect(rules()).toBe(before);
  });

  test('whose groups somebody has removed has an outcome nevertheless', () =>
    expectNothingLeft(async () => {
      for (const limited of [haco().pids(32).memory('64MiB'), haco().memory('64MiB')]) {
        await using container = await orThrow(
          limited.name('haco-test-gone').command(probePath(), 'sleep', '60').start(),
        );
        const { dirs } = orThrow(openGroup({ container: 'haco-test-gone' }));
        for (const { path } of dirs) {
          // v2 takes none in the common parent, which hands controllers down.
          const outside = path.slice(0, path.lastIndexOf('/haco/'));
          for (const pid of readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n')) {
            if (pid !== '') writeFileSync(`${outside}/cgroup.procs`, pid);
          }
          await expect.poll(() => tryRemove(path)).toBe(true);
        }
        orThrow(container.kill('SIGKILL'));
        expect(await orThrow(container.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
      }
    }));

  test('takes rlimits by any of their names', () =>
    sleeping(async (container) => {
      const report = await orThrow(
        container.update({ rlimits: { NOFILE: { soft: 60, hard: 120 }, RLIMIT_FSIZE: '1MiB', 4: 0 } }),
      );
      expect(report.rlimits.map(({ kind }) => kind).sort()).toEqual(['core', 'fsize', 'nofile']);
    }));

  test('stops and goes on', () =>
    sleeping(async (container) => {
      await orThrow(container.freeze());
      await orThrow(container.thaw());
    }));

  test('without a limit has no cgroup, and says what to ask for', async () => {
    await using container = await orThrow(haco().command(probePath(), 'sleep', '60').start());
    const error = (await container.update({ pids: 5 }))._unsafeUnwrapErr();
    expect(error.message).toBe(
      "Can't change its limits while the container has no cgroup; ask for a limit when it is started, e.g. pids(4096).",
    );
    expect((await container.update({ rlimits: { nofile: 64 } })).isOk()).toBe(true);
  });

  test('that has ended has no limits to change', async () => {
    const container = await orThrow(haco().pids(8).command(probePath(), 'exit', '0').start());
    await orThrow(container.wait());
    expect((await container.update({ pids: 5 }))._unsafeUnwrapErr()).toMatchObject({ kind: 'state' });
    expect(container.stats().isErr()).toBe(true);
    await container[Symbol.asyncDispose]();
  });
});

describeWith(
  ['root', 'probe', 'controller:cpu', 'controller:memory', 'controller:pids'],
  'limits that come later',
  () => {
    const hog = `read go; exec ${probePath()} hog 200`;
    const late = { memory: '24MiB', cpu: 300, keys: { 'memory.swap.max': 0 } } as const;

    test('find a place in groups that limit nothing yet', () =>
      expectNothingLeft(async () => {
        const placed = haco().pids(20).cgroup('memory.max', 'max').cgroup('cpu.max', 'max');
        await using container = await orThrow(placed.sh(hog).start());
        await orThrow(container.update(late));
        expect(orThrow(container.stats({ only: ['memory'] })).memory?.maxBytes).toBe(24 * 2 ** 20);
        container.stdin?.end('go\n');
        expect(await orThrow(container.wait())).toMatchObject({ reason: 'oom', usage: { oomKills: 1 } });
      }));

    test('of a hierarchy of v1 in which there is no group are refused, with what makes a place for them', async () => {
      if (!Object.hasOwn(probeHost().cgroups.v1, 'memory')) return;
      await using container = await orThrow(haco().name('haco-test-late').pids(20).sh('read go').start());
      const error = (await container.update({ pids: 10, memory: '24MiB' }))._unsafeUnwrapErr();
      expect(error.message).toMatch(
        /^Can't change memory while the group \S+\/haco\/haco-test-late has no part in the controller memory; start the container with \.cgroup\("memory\.max", "max"\), which limits nothing yet, or create the group with controllers: \["memory"\]\.$/,
      );
      expect(orThrow(container.stats({ only: ['pids'] })).pids?.max).toBe(20);
    });
  },
);

describeWith(
  ['root', 'probe', 'pure-cgroup2', 'controller:cpu', 'controller:memory', 'controller:pids'],
  'limits that come later on v2',
  () => {
    test('hand their controllers down, are counted, and tell the end', async () => {
      // The parent that stays between starts may have handed them down for others.
      closeForkServer();
      await using container = await orThrow(
        haco().name('haco-test-late').pids(20).sh(`read go; ${probePath()} hog 200; sleep 60`).start(),
      );
      const { limits } = await orThrow(
        container.update({ memory: '24MiB', cpu: 50, keys: { 'memory.swap.max': 0 }, pids: 10 }),
      );
      expect(limits.map(({ file }) => file).sort()).toEqual(['cpu.max', 'memory.max', 'memory.swap.max', 'pids.max']);
      expect(orThrow(container.stats())).toMatchObject({ memory: { maxBytes: 24 * 2 ** 20 }, pids: { max: 10 } });
      const events = orThrow(container.events({ signal: AbortSignal.timeout(20_000) }));
      container.stdin?.end('go\n');
      const seen: string[] = [];
      for await (const { type } of events) {
        seen.push(type);
        if (type === 'oom-kill') break;
      }
      expect(seen).toContain('oom-kill');
      orThrow(container.kill('SIGKILL'));
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'oom', usage: { oomKills: 1 } });
    });
  },
);
