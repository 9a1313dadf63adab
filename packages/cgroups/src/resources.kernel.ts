/** Typed limits and raw keys on the real kernel: each one bites. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haco, orThrow, realRuntime, type Runtime } from '@haco/core';
import type { HostFacts } from '@haco/plan';
import { closeForkServer, probeHost } from '@haco/sys';
import { cpuMsOf, describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DeviceRule } from './controllers/devices.js';
import type { IoDevice } from './controllers/io.js';
import { hierarchiesOf } from './hierarchy.js';
import type { CgroupsSection } from './section.js';

// The first start makes descriptors that later ones use again.
const onlyContainers = { ignore: /^descriptor/ };

/** Where the group of a container is, in the one hierarchy that this section needs. */
function groupOf(name: string, section: CgroupsSection): string {
  return `${hierarchiesOf(section, probeHost())[0]?.base ?? ''}/haco/${name}`;
}

/** This machine, as if it had no v1 hierarchy of these controllers. */
function without(...controllers: readonly string[]): Runtime {
  const host = (): HostFacts => {
    const facts = probeHost();
    const v1 = Object.entries(facts.cgroups.v1).filter(([name]) => !controllers.includes(name));
    return { ...facts, cgroups: { ...facts.cgroups, v1: Object.fromEntries(v1) } };
  };
  return { ...realRuntime, host };
}

/** This machine, as if no v2 hierarchy were mounted. */
const onlyV1: Runtime = {
  ...realRuntime,
  host: () => ({ ...probeHost(), cgroups: { mode: 'v1', v1: probeHost().cgroups.v1 } }),
};

afterEach(async () => {
  // Their parent stays as long as starts follow each other.
  closeForkServer();
  const bases = new Set(
    hierarchiesOf({ cpu: 1, memory: 4096, pids: 1, resources: { cpuset: {}, freeze: false } }, probeHost()).map(
      ({ base }) => base,
    ),
  );
  for (const base of bases) await expect.poll(() => existsSync(`${base}/haco`)).toBe(false);
});

describeWith(['root', 'probe', 'controller:cpu'], 'CPU time', () => {
  test('half of a CPU is half of a CPU, over two seconds', { timeout: 90_000 }, async () => {
    // Other tests want the processors too: below a heavy group the limit alone decides.
    const [{ base = '', version = 1 } = {}] = hierarchiesOf({ cpu: 50 }, probeHost());
    const heavy = `${base}/haco-test-heavy`;
    mkdirSync(heavy);
    const [weight, most] = version === 1 ? [`${heavy}/cpu.shares`, '262144'] : [`${heavy}/cpu.weight`, '10000'];
    if (existsSync(weight)) writeFileSync(weight, most);
    try {
      const spin = haco().name('haco-test-spin').command(probePath(), 'spin', '2').cgroupParent('haco-test-heavy');
      let share = 0;
      for (let attempt = 0; attempt < 20 && Math.abs(share - 0.5) > 0.03; attempt += 1) {
        const outcome = await orThrow(spin.cpu(50).run());
        const { cpuMs, wallMs } = JSON.parse(outcome.stdout) as { cpuMs: number; wallMs: number };
        share = cpuMs / wallMs;
        expect(share).toBeLessThan(0.53);
      }
      expect(share).toBeGreaterThan(0.47);
    } finally {
      rmdirSync(heavy);
    }
  });

  test('who has three times the weight of a neighbour gets three times as much of one CPU', async () => {
    const spin = (weight: number): ReturnType<typeof haco> =>
      haco().cpuAffinity('0').resources({ cpu: { weight } }).command(probePath(), 'spin', '60');
    await using heavy = await orThrow(spin(300).start());
    await using light = await orThrow(spin(100).start());
    const used = (): readonly number[] => [heavy, light].map(({ pid }) => cpuMsOf(pid));
    // Both run by then.
    await expect.poll(() => Math.min(...used()), { timeout: 15_000 }).toBeGreaterThan(5);
    const before = used();
    await sleep(1500);
    const [more = 0, less = 0] = used().map((now, index) => now - (before[index] ?? 0));
    expect(more / less).toBeGreaterThan(2);
    expect(more / less).toBeLessThan(4.5);
  });

  test('weight, burst and idle are in the files', async () => {
    const section = { cpu: 50 };
    const read = async (limits: Parameters<ReturnType<typeof haco>['resources']>[0], file: string): Promise<string> => {
      const container = await orThrow(
        haco()
          .name('haco-test-cpu')
          .sh('sleep 5')
          .resources({ cpu: { percent: 50 } })
          .resources(limits)
          .start(),
      );
      const text = readFileSync(`${groupOf('haco-test-cpu', section)}/${file}`, 'utf8').trim();
      container.kill()._unsafeUnwrap();
      await orThrow(container.wait());
      return text;
    };
    const v1 = Object.hasOwn(probeHost().cgroups.v1, 'cpu');
    expect(await read({ cpu: { weight: 50 } }, v1 ? 'cpu.shares' : 'cpu.weight')).toBe(v1 ? '512' : '50');
    expect(await read({ cpu: { burst: '20ms' } }, v1 ? 'cpu.cfs_burst_us' : 'cpu.max.burst')).toBe('20000');
    expect(await read({ cpu: { idle: true } }, 'cpu.idle')).toBe('1');
  });
});

describeWith(['cgroup1', 'root', 'controller:cpu'], 'realtime on v1', () => {
  test('a group with a budget may have realtime processes, one without may not', async () => {
    const base = haco().command('/usr/bin/chrt', '-f', '1', '/bin/true').cpu(100);
    expect((await orThrow(base.resources({ cpu: { realtime: { runtime: '10ms' } } }).run())).exitCode).toBe(0);
    if (!existsSync('/sys/fs/cgroup/cpu/cpu.rt_runtime_us')) return;
    expect((await orThrow(base.run())).exitCode).not.toBe(0);
  });

  test('more than there is, is refused with the reason', async () => {
    const error = (
      await haco()
        .command('/bin/true')
        .resources({ cpu: { realtime: { runtime: '999ms' } } })
        .run()
    )._unsafeUnwrapErr();
    expect(error.message).toMatch(/EINVAL; the groups above have less time for realtime processes than that/);
  });
});

describeWith(['root', 'controller:cpuset'], 'CPU sets', () => {
  const last = String(Number(execFileSync('nproc', ['--all'], { encoding: 'utf8' })) - 1);
  const allowed = (): ReturnType<typeof haco> => haco().command('/bin/grep', '-h', 'allowed_list', '/proc/self/status');

  test('processes run on the CPUs that were given, with the memory nodes of the parent', async () => {
    const outcome = await expectNothingLeft(
      () =>
        orThrow(
          allowed()
            .resources({ cpuset: { cpus: last } })
            .run(),
        ),
      onlyContainers,
    );
    expect(outcome.stdout).toMatch(new RegExp(`Cpus_allowed_list:\\t${last}\\nMems_allowed_list:\\t\\d`));
    expect(outcome.enforced).toEqual({ 'cpuset.cpus': 'enforced' });
  });

  test('many at once never find the shared parent empty', async () => {
    const one = allowed().resources({ cpuset: { mems: '0' } });
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => orThrow(one.run())));
      expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 8 }, () => 0));
    }
  });

  test('CPUs that the machine lacks are refused with the reason', async () => {
    const error = (
      await allowed()
        .resources({ cpuset: { cpus: '4000' } })
        .run()
    )._unsafeUnwrapErr();
    expect(error.message).toMatch(/a number is none of the machine|the group above has not all of these/);
  });
});

describeWith(['root', 'probe', 'controller:pids'], 'processes', () => {
  test('a fork bomb stops at its number', async () => {
    const outcome = await orThrow(
      haco()
        .command(probePath(), 'fork-bomb', '100')
        .resources({ pids: { max: 20 } })
        .run(),
    );
    const { forked, errno } = JSON.parse(outcome.stdout) as { forked: number; errno: string };
    // The bomb itself counts.
    expect({ forked, errno }).toEqual({ forked: 19, errno: 'EAGAIN' });
    expect(outcome.usage.pidsLimitHits).toBeGreaterThan(0);
  });
});

describeWith(['root', 'probe', 'controller:memory'], 'memory', () => {
  test('a hog is killed and said so', async () => {
    const outcome = await orThrow(
      haco()
        .command(probePath(), 'hog', '200')
        .resources({ memory: { max: '32MiB', swap: 0 } })
        .run(),
    );
    expect(outcome).toMatchObject({ reason: 'oom', usage: { oomKills: 1 } });
  });

  test.each([
    ['the first process', haco()],
    ['pid 1', haco().unshare('pid')],
    ['an init', haco().unshare('pid').init()],
  ])('also when a child of %s was killed', async (_name, builder) => {
    const outcome = await orThrow(builder.sh(`${probePath()} hog 200; exit 7`).memory('32MiB').run());
    expect(outcome).toMatchObject({ reason: 'oom', exitCode: 7, usage: { oomKills: 1 } });
  });
});

const rules: readonly DeviceRule[] = [
  { allow: false },
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
  { allow: true, type: 'c', major: 1, minor: 9, access: 'r' },
];

/** What a container may do with /dev/null, /dev/zero and /dev/urandom. */
const tryDevices = [
  'echo x 2>&- > /dev/null && echo null-written',
  '(head -c1 /dev/zero || echo zero-refused) 2>&1',
  'head -c1 /dev/urandom | wc -c',
  '(echo x > /dev/urandom || echo urandom-write-refused) 2>&1',
  '(mknod "$NODE" c 1 3 || echo mknod-refused) 2>&1',
].join('; ');

function expectRules(stdout: string): void {
  expect(stdout).toMatch(/null-written/);
  expect(stdout).toMatch(/zero.*Operation not permitted\nzero-refused/);
  expect(stdout).toMatch(/^1$/m);
  expect(stdout).toMatch(/urandom.*Operation not permitted\nurandom-write-refused/);
  expect(stdout).toMatch(/mknod.*Operation not permitted\nmknod-refused/);
}

const node = join(tmpdir(), `haco-test-node-${String(process.pid)}`);

describeWith(['cgroup1', 'root', 'controller:devices'], 'devices on v1', () => {
  test('those that are denied give EPERM', async () => {
    const outcome = await orThrow(haco().env({ NODE: node }).sh(tryDevices).resources({ devices: rules }).run());
    expectRules(outcome.stdout);
    expect(existsSync(node)).toBe(false);
  });

  test('rules that v1 would understand otherwise are refused before', async () => {
    const odd = [
      { allow: false, type: 'c', major: 1 },
      { allow: true, type: 'c', major: 1, minor: 3 },
    ] as const;
    const error = (await haco().command('/bin/true').resources({ devices: odd }).run())._unsafeUnwrapErr();
    expect(error.message).toMatch(
      /can't express resources\(\{ devices: … \}\); there a rule can only take back one of exactly the same devices/,
    );
  });
});

// The program is asked on hybrid hosts too: v2 groups have it without any controller.
describeWith(['root', 'cgroup2'], 'devices on v2', () => {
  const runtime = without('devices');

  test('those that are denied give EPERM', async () => {
    const outcome = await expectNothingLeft(
      () => orThrow(haco({ runtime }).env({ NODE: node }).sh(tryDevices).resources({ devices: rules }).run()),
      onlyContainers,
    );
    expectRules(outcome.stdout);
    expect(outcome.enforced).toEqual({ devices: 'enforced' });
  });

  test('without rules the same things work', async () => {
    const outcome = await orThrow(haco().env({ NODE: node }).sh(tryDevices).run());
    rmSync(node, { force: true });
    expect(outcome.stdout).not.toMatch(/refused/);
  });

  test('an exception from an exception holds', async () => {
    const odd = [
      { allow: false, type: 'c', major: 1 },
      { allow: true, type: 'c', major: 1, minor: 3 },
    ] as const;
    const outcome = await orThrow(
      haco({ runtime })
        .sh('true > /dev/null && echo null; true < /dev/zero || echo zero')
        .stderr('null')
        .resources({ devices: odd })
        .run(),
    );
    expect(outcome.stdout).toBe('null\nzero\n');
  });

  test('keys of v1 become rules of the program', async () => {
    const outcome = await orThrow(
      haco({ runtime }).sh('true < /dev/zero || echo zero').stderr('null').cgroup('devices.deny', 'c 1:5 r').run(),
    );
    expect(outcome.stdout).toBe('zero\n');
  });

  test('many rules are no problem for the verifier', async () => {
    const many = Array.from({ length: 150 }, (_, index) => ({
      allow: index % 3 === 0,
      type: index % 2 === 0 ? 'c' : 'b',
      major: 200 + index,
      access: index % 5 === 0 ? 'rw' : 'rwm',
    })) as readonly DeviceRule[];
    const outcome = await orThrow(haco({ runtime }).command('/bin/true').resources({ devices: many }).run());
    expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0 });
  });
});

/** Whether a file that a container appends to grows within a while. */
async function grows(file: string): Promise<boolean> {
  const before = readFileSync(file).length;
  await sleep(300);
  return readFileSync(file).length > before;
}

/** That it does so sooner or later, however busy the machine is. */
const expectGrowth = (file: string): Promise<void> => expect.poll(() => grows(file)).toBe(true);

describeWith(['cgroup1', 'root', 'controller:cpu', 'controller:memory', 'controller:pids'], 'a host without v2', () => {
  test('limits a loop, a hog and a fork bomb all the same', { timeout: 60_000 }, async () => {
    const on = () => haco({ runtime: onlyV1 }).name('haco-test-v1').unshare('pid');
    await expectNothingLeft(async () => {
      const loop = await orThrow(on().cpu(50).command(probePath(), 'spin', '1').run());
      expect(loop.usage.throttledMs).toBeGreaterThan(0);
      const hog = await orThrow(on().memory('32MiB').command(probePath(), 'hog', '200').run());
      expect(hog.reason).toBe('oom');
      const bomb = await orThrow(on().pids(5).command(probePath(), 'fork-bomb', '20').run());
      expect(bomb.usage.pidsLimitHits).toBeGreaterThan(0);
    }, onlyContainers);
  });
});

describeWith(['cgroup1', 'root', 'controller:freezer'], 'freezing on v1', () => {
  const file = join(tmpdir(), `haco-test-ticks-${String(process.pid)}`);
  const [hierarchy] = hierarchiesOf({ resources: { freeze: false } }, onlyV1.host());
  const state = `${hierarchy?.base ?? ''}/haco/haco-test-freeze/freezer.state`;
  const ticking = haco({ runtime: onlyV1 })
    .name('haco-test-freeze')
    .sh(`while :; do echo >> ${file}; sleep 0.02; done`);

  beforeAll(() => writeFileSync(file, ''));
  afterAll(() => rmSync(file, { force: true }));

  test('stops, and goes on when thawed', async () => {
    const container = await orThrow(ticking.resources({ freeze: false }).start());
    await expectGrowth(file);
    writeFileSync(state, 'FROZEN');
    await expect.poll(() => readFileSync(state, 'utf8')).toBe('FROZEN\n');
    expect(await grows(file)).toBe(false);
    writeFileSync(state, 'THAWED');
    await expectGrowth(file);
    container.kill()._unsafeUnwrap();
    await orThrow(container.wait());
  });

  test('who starts frozen runs nothing until it is thawed', async () => {
    truncateSync(file);
    const started = orThrow(ticking.resources({ freeze: true }).start());
    await expect.poll(() => existsSync(state) && readFileSync(state, 'utf8')).toMatch(/^FROZEN|^FREEZING/);
    await sleep(200);
    expect(readFileSync(file).length).toBe(0);
    writeFileSync(state, 'THAWED');
    const container = await started;
    await expectGrowth(file);
    container.kill()._unsafeUnwrap();
    await orThrow(container.wait());
  });
});

describeWith(['root', 'cgroup2'], 'freezing on v2', () => {
  const file = join(tmpdir(), `haco-test-ticks2-${String(process.pid)}`);
  afterAll(() => rmSync(file, { force: true }));

  test('stops, and goes on when thawed', async () => {
    writeFileSync(file, '');
    const runtime = without('freezer');
    const [hierarchy] = hierarchiesOf({ resources: { freeze: false } }, runtime.host());
    const state = `${hierarchy?.base ?? ''}/haco/haco-test-freeze2/cgroup.freeze`;
    const container = await orThrow(
      haco({ runtime })
        .name('haco-test-freeze2')
        .sh(`while :; do echo >> ${file}; sleep 0.02; done`)
        .resources({ freeze: false })
        .start(),
    );
    await expectGrowth(file);
    writeFileSync(state, '1');
    const events = state.replace(/freeze$/, 'events');
    await expect.poll(() => readFileSync(events, 'utf8')).toContain('frozen 1');
    expect(await grows(file)).toBe(false);
    writeFileSync(state, '0');
    await expectGrowth(file);
    container.kill()._unsafeUnwrap();
    await orThrow(container.wait());
  });
});

const traffic = Object.hasOwn(probeHost().cgroups.v1, 'blkio') ? 'controller:blkio' : 'controller:io';

describeWith(['root', 'busybox', 'tool:losetup', traffic], 'traffic of a loop device', () => {
  const file = `/dev/shm/haco-test-disk-${String(process.pid)}`;
  const mebibyte = 2 ** 20;
  let disk = '';

  beforeAll(() => {
    writeFileSync(file, '');
    truncateSync(file, 64 * mebibyte);
    // A machine that has not needed any yet.
    if (!existsSync('/dev/loop-control')) execFileSync('busybox', ['modprobe', 'loop']);
    disk = execFileSync('losetup', ['-f', '--show', file], { encoding: 'utf8' }).trim();
  });
  afterAll(() => {
    if (disk !== '') execFileSync('losetup', ['-d', disk]);
    rmSync(file, { force: true });
  });

  const write = (mebibytes: number): ReturnType<typeof haco> =>
    haco().sh(`dd if=/dev/zero of=${disk} bs=64k count=${String(mebibytes * 16)} oflag=direct 2>&1`);

  test('is as fast as allowed, and no faster', async () => {
    const free = await orThrow(
      write(2)
        .resources({ io: { devices: [{ device: disk, readBps: '1MiB' }] } })
        .run(),
    );
    expect(free.exitCode).toBe(0);
    const limited = await orThrow(
      write(2)
        .resources({ io: { devices: [{ device: disk, writeBps: '1MiB' }] } })
        .run(),
    );
    expect(limited.exitCode).toBe(0);
    expect(limited.enforced).toEqual({ 'io.devices': 'enforced' });
    expect(limited.usage.ioWriteBytes).toBeGreaterThanOrEqual(2 * mebibyte);
    // 2 MiB at 1 MiB a second: the rate over the time that dd took.
    const rate = (text: string): number => 2 / Number(/, ([\d.e-]+) s,/.exec(text)?.[1]);
    expect(rate(limited.stdout)).toBeLessThan(1.2);
    expect(rate(limited.stdout)).toBeGreaterThan(0.5);
    expect(rate(free.stdout)).toBeGreaterThan(2);
  });

  // Two seconds' worth of what each of them allows.
  test.each<[limit: Omit<IoDevice, 'device'>, script: () => string, read: number, written: number]>([
    [{ readBps: '1MiB' }, () => `dd if=${disk} of=/dev/null bs=64k count=32 iflag=direct 2>&1`, 2 * mebibyte, 0],
    [{ readIops: 20 }, () => `dd if=${disk} of=/dev/null bs=4k count=40 iflag=direct 2>&1`, 40 * 4096, 0],
    [{ writeIops: 20 }, () => `dd if=/dev/zero of=${disk} bs=4k count=40 oflag=direct 2>&1`, 0, 40 * 4096],
  ])('is limited in each direction, by bytes and by operations: %j', async (limit, script, read, written) => {
    const { stdout, exitCode, usage } = await orThrow(
      haco()
        .sh(script())
        .resources({ io: { devices: [{ device: disk, ...limit }] } })
        .run(),
    );
    expect(exitCode).toBe(0);
    const seconds = Number(/, ([\d.e-]+) s,/.exec(stdout)?.[1]);
    expect(seconds).toBeGreaterThan(2 / 1.2);
    expect(seconds).toBeLessThan(4);
    // What the shell itself is read from may be counted, too.
    expect(usage.ioReadBytes).toBeGreaterThanOrEqual(read);
    expect(usage.ioWriteBytes).toBeGreaterThanOrEqual(written);
  });

  test('is counted by device while a container lives', async () => {
    const script = `dd if=${disk} of=/dev/null bs=64k count=4 iflag=direct 2>&-; dd if=/dev/zero of=${disk} bs=64k count=8 oflag=direct 2>&-; echo done; read go`;
    await using container = await orThrow(
      haco()
        .sh(script)
        .resources({ io: { devices: [{ device: disk, readBps: '1GiB' }] } })
        .start(),
    );
    await new Promise((resolve) => container.stdout?.once('data', resolve));
    const device = readFileSync(`/sys/class/block/${basename(disk)}/dev`, 'utf8').trim();
    const io = orThrow(container.stats({ only: ['io'] })).io;
    const counts = io?.devices.find((one) => one.device === device);
    expect(counts).toMatchObject({ readBytes: 4 * 65_536, writeBytes: 8 * 65_536 });
    expect(counts?.readOps).toBeGreaterThanOrEqual(4);
    expect(counts?.writeOps).toBeGreaterThanOrEqual(8);
    expect(io?.readBytes).toBeGreaterThanOrEqual(4 * 65_536);
  });

  test('a device that is none is refused with its path', async () => {
    const of = (device: string): ReturnType<typeof haco> =>
      haco()
        .command('/bin/true')
        .resources({ io: { devices: [{ device, readBps: 1 }] } });
    expect((await of('/dev/null').run())._unsafeUnwrapErr().message).toMatch(
      /cgroups\.resources\.io\.devices\[0\]\.device: "\/dev\/null" is not a block device/,
    );
    expect((await of('/dev/none').run())._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', subject: '/dev/none' });
    expect((await of('4000:1').run())._unsafeUnwrapErr().message).toMatch(/ENODEV; there is no such disk/);
  });
});

describeWith(
  ['pure-cgroup2', 'root', 'controller:cpu', 'controller:memory', 'controller:pids'],
  'keys of v1 on v2',
  () => {
    test.each([
      ['cpu.shares', 512, 'cpu.weight', '50'],
      ['cpu.cfs_quota_us', 20_000, 'cpu.max', '20000 100000'],
      ['memory.limit_in_bytes', 67_108_864, 'memory.max', '67108864'],
      ['memory.soft_limit_in_bytes', 4096, 'memory.low', '4096'],
      ['freezer.state', 'THAWED', 'cgroup.freeze', '0'],
      ['pids.max', 10, 'pids.max', '10'],
    ])('%s %s is %s %s', async (key, value, file, text) => {
      const container = await orThrow(haco().name('haco-test-v2key').sh('sleep 5').cgroup(key, value).start());
      const dir = groupOf('haco-test-v2key', { keys: { [key]: String(value) } });
      expect(readFileSync(`${dir}/${file}`, 'utf8').trim()).toBe(text);
      container.kill()._unsafeUnwrap();
      await orThrow(container.wait());
    });

    test.each(['cpu.rt_runtime_us', 'memory.swappiness', 'net_cls.classid'])('%s is refused before', async (key) => {
      const error = (await haco().command('/bin/true').cgroup(key, 1).run())._unsafeUnwrapErr();
      expect(error.kind).toBe('unsupported');
    });
  },
);

describeWith(['root', 'controller:cpu', 'controller:memory'], 'limits that may be left out', () => {
  test('are, and the outcome says which', async () => {
    const outcome = await orThrow(
      haco()
        .command('/bin/true')
        .memory('64MiB')
        .cgroup('cpu.haco_unknown', 1, { degrade: true })
        .cgroup('cpu.shares', 'many', { degrade: true })
        .cgroup('pids.max', 10, { degrade: true })
        .run(),
    );
    expect(outcome.enforced).toEqual({
      memory: 'enforced',
      'cpu.haco_unknown': 'refused',
      'cpu.shares': 'refused',
      'pids.max': 'enforced',
    });
  });

  test('by default a container without its limits does not start', async () => {
    const error = (await haco().command('/bin/true').cgroup('cpu.haco_unknown', 1).run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat', errno: 'ENOENT' });
  });
});

describeWith(['root', 'cgroup1', 'controller:memory'], 'limits that v1 has in a weaker form', () => {
  test('are enforced in that, and the outcome says so', async () => {
    const high = haco()
      .name('haco-test-weak')
      .resources({ memory: { high: '20MiB' } }, { degrade: true });
    const group = groupOf('haco-test-weak', { memory: 4096 });
    const outcome = await orThrow(high.command('/bin/cat', `${group}/memory.soft_limit_in_bytes`).run());
    expect(outcome).toMatchObject({ stdout: '20971520\n', enforced: { 'memory.high': 'degraded' } });
  });
});
