/** Limits on the real kernel: they bite, they are reported, and nothing of the groups stays. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { haco, orThrow } from '@haco/core';
import { closeForkServer, probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, afterEach, expect, test } from 'vitest';
import { hierarchiesOf } from './hierarchy.js';

// The first start makes descriptors that later ones use again.
const onlyContainers = { ignore: /^descriptor/ };

const all = { cpu: 50, memory: 67_108_864, pids: 16 };
const bases = (): readonly string[] => hierarchiesOf(all, probeHost()).map(({ base }) => base);

/** Whether some hierarchy has a group below the own one. */
function groupExists(path: string): boolean {
  return bases().some((base) => existsSync(`${base}/${path}`));
}

describeWith(['root', 'controller:cpu', 'controller:memory', 'controller:pids'], 'cgroups', () => {
  afterEach(async () => {
    // Their parent stays as long as starts follow each other.
    closeForkServer();
    await expect.poll(() => groupExists('haco')).toBe(false);
  });

  test('a container sees its limits in its own groups, and the groups go with it', async () => {
    const base = haco().name('haco-test-see').sh('read go').cpu(50).memory('64MiB').pids(16);
    const outcome = await expectNothingLeft(async () => {
      const container = await orThrow(base.start());
      for (const dir of bases()) expect(existsSync(`${dir}/haco/haco-test-see`)).toBe(true);
      const groups = readFileSync(`/proc/${String(container.pid)}/cgroup`, 'utf8');
      expect(groups.match(/\/haco\/haco-test-see$/gm)?.length).toBe(bases().length);
      container.stdin?.end('go\n');
      return orThrow(container.wait());
    }, onlyContainers);
    expect(outcome).toMatchObject({
      reason: 'exited',
      exitCode: 0,
      enforced: { cpu: 'enforced', memory: 'enforced', pids: 'enforced' },
    });
  });

  test('a tenth of a CPU is a tenth of a CPU', async () => {
    // A busy loop for one second of wall time.
    const script = 'end=$(( $(date +%s%N) + 1000000000 )); while [ $(date +%s%N) -lt $end ]; do :; done';
    const outcome = await orThrow(haco().sh(script).cpu(10).run());
    // How long, depends on what else the machine has to do.
    expect(outcome.usage.throttledMs).toBeGreaterThan(0);
    const { userMs, systemMs } = outcome.usage;
    expect(userMs + systemMs).toBeLessThan(0.2 * outcome.durationMs);
  });

  test("CPU time that nobody waits for is counted where cgroup('cpuacct.usage', 0) asks for it, beside any limit", async () => {
    const orphan = "setsid /bin/sh -c 'while :; do :; done' & read go";
    const container = await orThrow(haco().sh(orphan).pids(16).cgroup('cpuacct.usage', 0).start());
    const usedMs = (): number => orThrow(container.stats({ only: ['cpu'] })).cpu?.usageMs ?? 0;
    await expect.poll(usedMs, { timeout: 15_000 }).toBeGreaterThan(200);
    container.stdin?.end('go\n');
    const { userMs, systemMs } = orThrow(await container.wait()).usage;
    expect(userMs + systemMs).toBeGreaterThan(200);
  });

  test('who takes more memory than allowed is killed, and the outcome says why', async () => {
    const outcome = await orThrow(haco().command('/usr/bin/tail', '/dev/zero').memory('20MiB').run());
    expect(outcome.reason).toBe('oom');
    expect(outcome.usage.oomKills).toBe(1);
    expect(outcome.usage.memoryPeakBytes).toBeGreaterThan(15 * 2 ** 20);
    expect(outcome.usage.memoryPeakBytes).toBeLessThanOrEqual(20 * 2 ** 20);
  });

  test('pids counts the processes of the container, and not the launcher', async () => {
    // Both are there at the same time: the second is started long before the first ends.
    const script = (seconds: number): string => `sleep ${String(seconds)} & sleep ${String(seconds)} & wait`;
    const enough = await orThrow(haco().sh(script(0.3)).pids(3).run());
    expect(enough).toMatchObject({ exitCode: 0, usage: { pidsLimitHits: 0 } });
    // The shell ends when it can't fork, and the first goes with it.
    const tight = await orThrow(haco().sh(script(20)).pids(2).run());
    expect(tight.usage.pidsLimitHits).toBeGreaterThan(0);
    expect(tight).toMatchObject({ reason: 'pids-limit', signal: null });
  });

  test('processes that outlive the container are killed with its group', async () => {
    await expectNothingLeft(async () => {
      const outcome = await orThrow(haco().sh('setsid sleep 77 >/dev/null 2>&1 </dev/null & exit 3').pids(16).run());
      expect(outcome).toMatchObject({ exitCode: 3 });
    }, onlyContainers);
  });

  test('a fork bomb that outlives the container is stopped', async () => {
    await expectNothingLeft(async () => {
      const bomb = 'bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 0.2';
      await orThrow(haco().command('/bin/bash', '-c', bomb).pids(32).stderr('null').run());
    }, onlyContainers);
  });

  test('a second container of the same name is a conflict, and the first one lives on', async () => {
    const base = haco().name('haco-test-twice').pids(16);
    const first = await orThrow(base.command('/bin/sleep', '600').start());
    const error = (await base.command('/bin/true').run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'conflict', subject: 'haco-test-twice' });
    expect(groupExists('haco/haco-test-twice')).toBe(true);
    expect(first.kill('SIGTERM').isOk()).toBe(true);
    expect(await orThrow(first.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGTERM' });
  });

  test('many containers that come and go at once never miss their common parent', async () => {
    const one = haco().command('/bin/true').cpu(100).pids(16);
    for (let round = 0; round < 5; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => orThrow(one.run())));
      expect(outcomes.every(({ reason }) => reason === 'exited')).toBe(true);
    }
  });

  test('a failed start leaves no group', async () => {
    const error = (await haco().command('/no/such/program').cpu(50).memory('64MiB').pids(4).run())._unsafeUnwrapErr();
    expect(error.kind).toBe('not-found');
  });

  test('a value that the kernel refuses names the file, the verb and the value', async () => {
    const error = (await haco().command('/bin/true').cgroup('pids.max', 'many').run())._unsafeUnwrapErr();
    expect(error.message).toMatch(
      /^Could not write "many" to pids.max of haco\/\S+ \(asked by cgroups.keys\["pids.max"\]\): write\(.*\) failed with EINVAL; /,
    );
  });

  test('a cgroup namespace is rooted in the groups of the container', async () => {
    const outcome = await orThrow(
      haco().command('/bin/cat', '/proc/self/cgroup').unshare('cgroup').cpu(100).memory('64MiB').pids(16).run(),
    );
    const paths = outcome.stdout
      .split('\n')
      .filter((line) => /:(cpu|memory|pids|cpu,cpuacct):|^0::/.test(line))
      .map((line) => line.replace(/^.*:/, ''));
    expect(paths.length).toBeGreaterThan(0);
    expect(new Set(paths)).toEqual(new Set(['/']));
  });

  test('limits hold in a user namespace of its own', async () => {
    const outcome = await orThrow(haco().unshare('user', 'pid').sh('sleep 20 & sleep 20 & wait').pids(2).run());
    expect(outcome.usage.pidsLimitHits).toBeGreaterThan(0);
  });

  test('a parent that exists is used and left', async () => {
    const dirs = bases().map((base) => `${base}/haco-test-parent`);
    for (const dir of dirs) mkdirSync(dir);
    try {
      const outcome = await orThrow(
        haco().command('/bin/cat', '/proc/self/cgroup').name('child').cgroupParent('haco-test-parent').pids(4).run(),
      );
      expect(outcome.stdout).toMatch(/\/haco-test-parent\/child$/m);
      for (const dir of dirs) expect(existsSync(dir)).toBe(true);
    } finally {
      for (const dir of dirs) rmdirSync(dir);
    }
  });

  test('a parent that does not exist is refused', async () => {
    const error = (await haco().command('/bin/true').cgroupParent('haco-test-none').pids(4).run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat', errno: 'ENOENT' });
  });
});

describeWith(['root', 'cgroup1', 'controller:cpu'], 'cgroups on v1', () => {
  test('keys of v2 are translated', async () => {
    const container = await orThrow(haco().name('haco-test-key').sh('read go').cgroup('cpu.weight', 50).start());
    const [base = ''] = hierarchiesOf({ cpu: 1 }, probeHost()).map((hierarchy) => hierarchy.base);
    expect(readFileSync(`${base}/haco/haco-test-key/cpu.shares`, 'utf8')).toBe('512\n');
    container.stdin?.end('go\n');
    await orThrow(container.wait());
  });
});

describeWith(['root', 'cgroup2', 'controller:hugetlb'], 'cgroups on v2', () => {
  const { v2 } = probeHost().cgroups;
  afterAll(() => {
    // haco leaves controllers handed down, the test doesn't.
    if (v2 === undefined || v2.subtreeControl.includes('hugetlb')) return;
    writeFileSync(`${v2.mountPoint}${v2.ownGroup}/cgroup.subtree_control`, '-hugetlb');
  });

  const one = haco().command('/bin/cat', '/proc/self/cgroup').name('haco-test-v2').cgroup('hugetlb.2MB.max', '0');

  test('the container is cloned into its group', async () => {
    const outcome = await expectNothingLeft(() => orThrow(one.run()), onlyContainers);
    expect(outcome.stdout).toMatch(/^0::.*\/haco\/haco-test-v2$/m);
  });

  test('a cgroup namespace is rooted in it', async () => {
    const outcome = await orThrow(one.unshare('cgroup').run());
    expect(outcome.stdout).toMatch(/^0::\/$/m);
  });

  test('what outlives the container is killed', async () => {
    await expectNothingLeft(
      () => orThrow(one.sh('setsid sleep 78 >/dev/null 2>&1 </dev/null & exit 0').run()),
      onlyContainers,
    );
  });
});

describeWith(['root', 'cgroup1', 'controller:memory', 'controller:pids'], 'a container whose limits are on v1', () => {
  test('has no pressure but the levels of memory, as it has no group in v2', async () => {
    await using container = await orThrow(haco().command('/bin/sleep', '60').memory('64MiB').pids(16).start());
    expect(orThrow(container.stats()).pressure).toBeUndefined();
    const events = orThrow(container.events({ pressure: ['cpu', 'memory'], signal: AbortSignal.timeout(500) }));
    const missing: string[] = [];
    for await (const event of events) if (event.type === 'unavailable') missing.push(event.what);
    expect(missing).toEqual(['pressure of cpu']);
  });
});
