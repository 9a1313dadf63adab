/** A builder becomes the `config.json` that describes its container, and what that can't say is told. */
import { describe, expect, test } from 'vitest';
import { haco, namespaceKinds, orThrow, type Builder, type SeccompProfile } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { configText, toConfig, type Config } from './index.js';

const host = storedHosts.v2;
const exported = (builder: Builder) => orThrow(toConfig(builder, { host }));
const configOf = (builder: Builder): Config => exported(builder).config;
const missing = (builder: Builder): readonly string[] =>
  exported(builder).notRepresented.map(({ path, message }) => `${path}: ${message}`);

const complete = haco()
  .unshare('mount', 'pid', 'ipc', 'uts', 'cgroup')
  .network('none')
  .chroot('/srv/root')
  .independent('procfs', 'dev')
  .caps('none')
  .command('/bin/sh', '-c', 'true');

/** All namespaces, so that every verb makes sense. */
const base = haco()
  .unshare(...namespaceKinds)
  .chroot('/srv/root')
  .independent('dev')
  .command('/bin/true');

describe('a configuration', () => {
  test('is complete: what haco does without being asked is in it', () => {
    expect(configOf(complete)).toEqual({
      ociVersion: '1.2.0',
      process: {
        user: { uid: 0, gid: 0 },
        args: ['/bin/sh', '-c', 'true'],
        env: [],
        cwd: '/',
        capabilities: { bounding: [], permitted: [], effective: [], inheritable: [], ambient: [] },
        oomScoreAdj: 0,
      },
      root: { path: '/srv/root' },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec'] },
        {
          destination: '/dev',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['nosuid', 'noexec', 'mode=755', 'size=65536'],
        },
        {
          destination: '/dev/pts',
          type: 'devpts',
          source: 'devpts',
          options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
        },
        {
          destination: '/dev/shm',
          type: 'tmpfs',
          source: 'shm',
          options: ['nosuid', 'nodev', 'noexec', 'mode=1777', 'size=67108864'],
        },
        { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'nodev', 'noexec'] },
      ],
      linux: {
        namespaces: ['mount', 'pid', 'ipc', 'uts', 'cgroup', 'network'].map((type) => ({ type })),
        resources: { devices: [{ allow: true, access: 'rwm' }] },
      },
    });
    expect(missing(complete)).toEqual([]);
  });

  test('has the capabilities that its host knows, and those of a user', () => {
    const all = configOf(base).process.capabilities;
    expect(all?.bounding).toHaveLength(host.knownCapabilities.length);
    expect(all?.bounding).toEqual(expect.arrayContaining(['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']));
    expect(all?.ambient).toEqual([]);
    const some = configOf(base.user(1000).caps('net_raw')).process;
    expect(some.user).toEqual({ uid: 1000, gid: 1000 });
    expect(some.capabilities).toEqual(
      Object.fromEntries(
        ['bounding', 'permitted', 'effective', 'inheritable', 'ambient'].map((set) => [set, ['CAP_NET_RAW']]),
      ),
    );
  });

  test('schedules as it was asked, and tells that its first command keeps to no processors', () => {
    const asked = complete
      .scheduler({ policy: 'other', nice: -3, flags: ['keep_policy'] })
      .ioPriority('be')
      .cpuAffinity([0, 2])
      .personality('linux32');
    const { process, linux } = configOf(asked);
    expect(process).toMatchObject({
      scheduler: { policy: 'SCHED_OTHER', nice: -3, flags: ['SCHED_FLAG_KEEP_POLICY'] },
      ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 },
      execCPUAffinity: { final: '0,2' },
    });
    expect(linux?.personality).toEqual({ domain: 'LINUX32' });
    expect(missing(asked)).toEqual([
      'process.cpuAffinity: a runtime chooses processors for further commands only; see cpuset.cpus',
    ]);
    expect(configOf(asked.execCpuAffinity({ initial: '1' })).process.execCPUAffinity).toEqual({ initial: '1' });
  });

  test('has the ids that words mean on its host', () => {
    const mapped = base.mapUsers('self').mapGroups('self');
    expect(configOf(mapped).linux?.uidMappings).toEqual([{ containerID: 0, hostID: 0, size: 1 }]);
    const rootless = orThrow(toConfig(mapped, { host: storedHosts.rootless })).config;
    expect(rootless.linux?.uidMappings).toEqual([{ containerID: 0, hostID: 1000, size: 1 }]);
    // A terminal can't belong to a group that isn't there.
    expect(rootless.mounts?.find(({ destination }) => destination === '/dev/pts')?.options).not.toContain('gid=5');
    expect(rootless.process.user).toEqual({ uid: 0, gid: 0 });
  });

  test('spells mounts with all their options', () => {
    const { mounts = [] } = configOf(
      base
        .mount('/srv/data', '/data', { readonly: true, nosuid: true })
        .mount('/srv/one', '/one', { recursive: false, propagation: 'slave' })
        .mount('/srv/owned', '/owned', { idmap: 'container' })
        .tmpfs('/tmp', { size: '1MiB', mode: 0o700, noexec: true })
        .mount('/dev/sdz', '/disk', { type: 'ext4', data: 'noload,errors=remount-ro', readonly: true })
        .independent({ name: 'procfs', subset: 'pid', hidepid: 'invisible' }),
    );
    expect(mounts.slice(4)).toEqual([
      { destination: '/data', type: 'bind', source: '/srv/data', options: ['rbind', 'rro', 'rnosuid', 'rprivate'] },
      { destination: '/one', type: 'bind', source: '/srv/one', options: ['bind', 'slave'] },
      { destination: '/owned', type: 'bind', source: '/srv/owned', options: ['rbind', 'ridmap', 'rprivate'] },
      {
        destination: '/tmp',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'nodev', 'noexec', 'mode=0700', 'size=1048576'],
      },
      { destination: '/disk', type: 'ext4', source: '/dev/sdz', options: ['ro', 'noload', 'errors=remount-ro'] },
      {
        destination: '/proc',
        type: 'proc',
        source: 'proc',
        options: ['nosuid', 'nodev', 'noexec', 'subset=pid', 'hidepid=invisible'],
      },
    ]);
  });

  test('has namespaces of others by their paths, and clocks that go backwards', () => {
    const { linux } = configOf(
      haco()
        .unshare('mount', 'time')
        .enter('ipc', { path: '/run/ns/ipc' })
        .enter('uts', { pid: 8 })
        .timeOffsets({ monotonicMs: -1500, boottimeMs: 60_000 })
        .network({ join: '/run/netns/x' })
        .chroot('/srv/root'),
    );
    expect(linux?.namespaces).toEqual([
      { type: 'mount' },
      { type: 'time' },
      { type: 'ipc', path: '/run/ns/ipc' },
      { type: 'uts', path: '/proc/8/ns/uts' },
      { type: 'network', path: '/run/netns/x' },
    ]);
    expect(linux?.timeOffsets).toEqual({ monotonic: { secs: -2, nanosecs: 500_000_000 }, boottime: { secs: 60 } });
  });

  test('is named after the container where haco names it so, and puts it where haco would', () => {
    const named = exported(base.name('web').memory('1MiB').cgroupParent('ci/nightly'));
    expect(named.id).toBe('web');
    expect(named.config.hostname).toBe('web');
    expect(named.config.linux?.cgroupsPath).toBe('ci/nightly/haco/web');
    expect(exported(base)).not.toHaveProperty('id');
  });

  test('has one filter, with its conditions decided', () => {
    const rule = (name: string, more: object) => ({ names: [name], action: 'SCMP_ACT_ALLOW' as const, ...more });
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO' as const,
      archMap: [{ architecture: 'SCMP_ARCH_X86_64' as const, subArchitectures: ['SCMP_ARCH_X86' as const] }],
      syscalls: [
        rule('chroot', { includes: { caps: ['CAP_SYS_CHROOT'] }, comment: 'x' }),
        rule('mount', { includes: { caps: ['CAP_SYS_ADMIN'] } }),
        rule('ptrace', { includes: { minKernel: '4.8' } }),
        rule('bpf', { excludes: { arches: ['amd64'] } }),
      ],
    };
    expect(configOf(base.caps('sys_chroot').seccomp(profile)).linux?.seccomp).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      syscalls: [rule('chroot', {}), rule('ptrace', {})],
    });
  });
});

test('the preset of filters is one filter', () => {
  const builder = complete.seccomp('default');
  expect(missing(builder)).toEqual([]);
  const { seccomp } = configOf(builder).linux ?? {};
  expect(seccomp).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 });
  // What types for the terminal of others is refused in both ways of saying it: by a rule, and by none that allows it.
  const rules = (seccomp as SeccompProfile).syscalls?.filter(({ names }) => names.includes('ioctl')) ?? [];
  expect(rules.filter(({ action }) => action === 'SCMP_ACT_ERRNO')).toHaveLength(2);
  expect(rules.every(({ args }) => args?.length === 1)).toBe(true);
});

describe('limits', () => {
  const resources = (builder: Builder) => {
    const { devices: _, ...rest } = configOf(builder).linux?.resources ?? {};
    return rest;
  };

  test('are fields where the specification has them', () => {
    const builder = base
      .cpu(150)
      .memory('64MiB')
      .pids(10)
      .resources({
        cpu: { weight: 50, burst: '20ms', realtime: { runtime: '10ms', period: '1s' } },
        cpuset: { cpus: '0-1', mems: '0' },
        memory: { low: '1MiB', swap: '32MiB', swappiness: 10, disableOomKiller: true },
        hugetlb: { '2MB': '4MiB' },
        netCls: { classid: '10:1' },
        netPrio: { eth0: 5 },
        rdma: { mlx5_0: { hcaHandles: 2, hcaObjects: 3 } },
        io: { devices: [{ device: '8:0', readBps: '1MiB', writeIops: 7 }] },
      });
    expect(resources(builder)).toEqual({
      cpu: {
        quota: 150_000,
        period: 100_000,
        shares: 512,
        burst: 20_000,
        realtimePeriod: 1_000_000,
        realtimeRuntime: 10_000,
        cpus: '0-1',
        mems: '0',
      },
      memory: { limit: 67_108_864, reservation: 1_048_576, swap: 100_663_296, swappiness: 10, disableOOMKiller: true },
      pids: { limit: 10 },
      hugepageLimits: [{ pageSize: '2MB', limit: 4_194_304 }],
      network: { classID: 0x10_0001, priorities: [{ name: 'eth0', priority: 5 }] },
      rdma: { mlx5_0: { hcaHandles: 2, hcaObjects: 3 } },
      blockIO: {
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1_048_576 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 7 }],
      },
    });
    expect(missing(builder)).toEqual([]);
    expect(resources(base.resources({ cpu: { idle: true } }))).toEqual({ cpu: { idle: 1 } });
  });

  test('are files of v2 where it has none', () => {
    const builder = base
      .resources({ memory: { high: '1MiB', oomGroup: true, swap: 0 }, io: { weight: 50 }, misc: { sev: 1 } })
      .cgroup('cgroup.max.depth', 2);
    expect(resources(builder)).toEqual({
      unified: {
        'memory.high': '1048576',
        'memory.oom.group': '1',
        'memory.swap.max': '0',
        'io.weight': '50',
        'misc.max': 'sev 1',
        'cgroup.max.depth': '2',
      },
    });
    expect(missing(builder)).toEqual([]);
  });

  test('in the words of v1 are the same fields', () => {
    const builder = base
      .cgroup('memory.limit_in_bytes', '64M')
      .cgroup('memory.memsw.limit_in_bytes', '-1')
      .cgroup('cpu.cfs_quota_us', 5000)
      .cgroup('blkio.weight', 200)
      .cgroup('blkio.weight_device', '8:16 300')
      .cgroup('blkio.throttle.read_bps_device', '8:0 1000')
      .cgroup('hugetlb.1GB.limit_in_bytes', '1G')
      .cgroup('pids.max', 'max');
    expect(resources(builder)).toEqual({
      memory: { limit: 67_108_864, swap: -1 },
      cpu: { quota: 5000 },
      blockIO: {
        weight: 200,
        weightDevice: [{ major: 8, minor: 16, weight: 300 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1000 }],
      },
      hugepageLimits: [{ pageSize: '1GB', limit: 1_073_741_824 }],
      pids: { limit: -1 },
    });
  });

  test('about devices end with those that runtimes allow anyway', () => {
    const rules = (builder: Builder) => configOf(builder).linux?.resources?.devices;
    expect(rules(base.cgroup('devices.deny', 'a').cgroup('devices.allow', 'c 10:229 rw'))).toEqual([
      { allow: false, access: 'rwm' },
      { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
    ]);
    const closed = base.resources({ devices: [{ allow: false }] });
    expect(rules(closed)).toEqual([{ allow: false }]);
    expect(missing(closed)).toEqual([
      'cgroups.resources.devices: a runtime allows the devices that every container has, whatever is asked',
    ]);
  });
});

describe('what a configuration can not say is told with its path', () => {
  const cases: readonly (readonly [string, Builder, string, string])[] = [
    ['no root', complete.reset('mounts').independent('dev'), 'mounts.rootfs', 'has a root of its own'],
    [
      'a layer over the root',
      complete.chroot('/srv/root', { overlay: true } as never),
      'mounts.rootfs.overlay',
      'read-only',
    ],
    ['no /dev', complete.reset('mounts').chroot('/srv/root'), 'mounts.entries', 'devices that every container has'],
    ['the default command', complete.reset('process'), 'process.command', 'written as "/bin/sh"'],
    ['a command without PATH', complete.command('ls'), 'process.command.file', 'only by a PATH'],
    ['a user by name', complete.user('www-data'), 'process.user.uid', 'numbers only'],
    ['secure bits', complete.securebits('noroot'), 'caps.securebits', 'no secure bits'],
    ['an init', complete.init(), 'process.init', 'as first process'],
    ['a stream', complete.stdin({ text: 'x' }), 'process.stdin', 'of whoever starts it'],
    ['a time', complete.timeout('1s'), 'control.timeoutMs', 'no runtime watches it'],
    ['a signal', complete.signal(new AbortController().signal), 'control.abort', 'no runtime watches it'],
    ['CPU time', complete.cpuTimeout('1s'), 'cgroups.cpuTimeMs', 'how much CPU time'],
    ['a file', complete.file('/etc/x', 'x'), 'mounts.entries[2]', 'holds no files'],
    ['a layer', complete.overlay('/var'), 'mounts.entries[2]', 'no throw-away layers'],
    ['Landlock', complete.landlock({ read: '/' }), 'landlock.read[0]', 'no word for Landlock'],
    [
      'filters',
      complete.seccomp({ defaultAction: 'SCMP_ACT_ERRNO' }).seccomp('default'),
      'seccomp.filters',
      "these 3 can't be one",
    ],
    [
      'what only v1 had',
      complete.cgroup('memory.use_hierarchy', 1),
      'cgroups.keys["memory.use_hierarchy"]',
      'v2 nothing like it',
    ],
    [
      'a disk by its path',
      complete.resources({ io: { devices: [{ device: '/dev/sdz', readBps: 1 }] } }),
      'cgroups.resources.io.devices[0]',
      'by its numbers',
    ],
  ];

  test.each(cases)('%s', (_what, builder, path, reason) => {
    const [first, ...others] = exported(builder).notRepresented;
    expect(first).toMatchObject({ path, message: expect.stringContaining(reason) as string });
    expect(others).toEqual([]);
  });

  test('also a part that somebody else wrote', () => {
    const part = {
      key: 'mine',
      empty: {},
      verbs: { mine: (section: object) => ({ ...section, on: true }) },
      parse: () => {
        throw new Error('not needed');
      },
      validate: () => [],
      plan: () => [],
    };
    const builder = haco({ parts: [part as never] }) as unknown as { mine(): Builder };
    expect(missing(builder.mine())).toContain('mine.on: the specification has no such part');
  });
});

describe('errors', () => {
  test('a spec that makes no sense is none', () => {
    expect(toConfig(haco().cpu(-1))._unsafeUnwrapErr().kind).toBe('invalid-spec');
    expect(toConfig(base.seccomp('/nowhere/profile.json'), { host })._unsafeUnwrapErr().kind).toBe('not-found');
    const hostile = Object.defineProperty({}, 'host', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(toConfig(base, hostile)._unsafeUnwrapErr().kind).toBe('invalid-spec');
  });
});

describe('the text of a configuration', () => {
  test('is JSON of it, with unlimited as runtimes read it', () => {
    const config = configOf(complete.rlimit('core', 0, 'unlimited').metadata({ 'a"b': 'ä\n' }));
    const text = configText(config);
    expect(JSON.parse(text)).toEqual(config);
    expect(text).toContain('"hard": 18446744073709551615\n');
    expect(text).toMatch(/^\{\n {2}"ociVersion": "1\.2\.0",\n/);
  });
});
