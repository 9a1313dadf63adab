/** What was written is read again without a loss, and what was read is written again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { haco, namespaceKinds, orThrow, type Builder } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { plainConfig, withLinux, withMount, withProcess } from './fixture.js';
import { fromConfig, toConfig } from './index.js';

const host = storedHosts.v2;
const exported = (builder: Builder) => orThrow(toConfig(builder, { host }));
const imported = (json: unknown, accept: readonly string[] = []) =>
  orThrow(fromConfig(json, { bundle: '/srv/bundle', accept }));
const specOf = (builder: Builder) => orThrow(builder.spec());

/** In the order of their numbers, as an export writes them. */
const KILL = ['CAP_CHOWN', 'CAP_KILL'];

/** Configurations that haco represents, by what is special in them. */
const configs: Readonly<Record<string, object>> = {
  'the plain one': plainConfig(),
  'a user with groups, limits and labels': withProcess({
    user: { uid: 7, gid: 8, umask: 63, additionalGids: [9, 10] },
    oomScoreAdj: -5,
    cwd: '/tmp',
    env: ['PATH=/bin', 'EMPTY=', 'A=b=c'],
    noNewPrivileges: true,
    apparmorProfile: 'mine',
    selinuxLabel: 'system_u:system_r:container_t:s0',
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 },
      { type: 'RLIMIT_CORE', soft: 0, hard: Number('18446744073709551615') },
    ],
  }),
  'a policy, priorities and processors': withProcess({
    scheduler: { policy: 'SCHED_RR', priority: 5, flags: ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_KEEP_PARAMS'] },
    ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 2 },
    execCPUAffinity: { initial: '0', final: '0-1,3' },
  }),
  'a deadline': withProcess({
    scheduler: { policy: 'SCHED_DEADLINE', runtime: 2_000_000, deadline: 5_000_000, period: 10_000_000 },
  }),
  'a 32-bit machine': withLinux({ personality: { domain: 'LINUX32' } }),
  'a terminal': withProcess({ terminal: true, consoleSize: { width: 100, height: 30 }, env: ['TERM=vt100'] }),
  'sets of capabilities': withProcess({
    user: { uid: 1000, gid: 1000 },
    capabilities: { bounding: KILL, permitted: KILL, effective: KILL, inheritable: KILL, ambient: ['CAP_KILL'] },
  }),
  'bind mounts': [
    { destination: '/a', source: 'a', options: ['rbind', 'rro', 'rslave'] },
    { destination: '/b', source: '/b', type: 'bind', options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec', 'private'] },
  ].reduce<object>(
    (config, mount) => ({ ...config, mounts: [...(config as { mounts: object[] }).mounts, mount] }),
    plainConfig(),
  ),
  'a filesystem': withMount({
    destination: '/tmp',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'mode=700', 'size=1m'],
  }),
  cgroups: withMount({
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['ro', 'nosuid', 'nodev', 'noexec'],
  }),
  'the /dev that runc writes': {
    ...plainConfig(),
    mounts: [
      ...(plainConfig()['mounts'] as object[]),
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
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
      },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    ],
  },
  'a small /dev/shm': withMount({
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'size=1m'],
  }),
  'maps, clocks and namespaces of others': withLinux({
    namespaces: [
      { type: 'mount' },
      { type: 'uts' },
      { type: 'user' },
      { type: 'time' },
      { type: 'network', path: '/run/netns/x' },
    ],
    uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
    gidMappings: [{ containerID: 0, hostID: 2000, size: 10 }],
    timeOffsets: { monotonic: { secs: 5 }, boottime: { secs: -2, nanosecs: 500_000_000 } },
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }] },
  }),
  'every limit': withLinux({
    resources: {
      memory: { limit: 67108864, reservation: 1048576, swap: 134217728, swappiness: 1, disableOOMKiller: true },
      cpu: {
        shares: 512,
        quota: 50000,
        period: 100000,
        burst: 10,
        realtimeRuntime: 1,
        realtimePeriod: 10,
        cpus: '0',
        mems: '0',
      },
      pids: { limit: 50 },
      hugepageLimits: [{ pageSize: '2MB', limit: 2097152 }],
      network: { classID: 1048577, priorities: [{ name: 'eth0', priority: 5 }] },
      rdma: { mlx5_0: { hcaHandles: 1 } },
      blockIO: {
        weight: 100,
        weightDevice: [{ major: 8, minor: 0, weight: 200, leafWeight: 300 }],
        throttleReadBpsDevice: [
          { major: 8, minor: 0, rate: 600 },
          { major: 8, minor: 16, rate: 700 },
        ],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 10 }],
      },
      unified: { 'memory.high': '1000000', 'cgroup.max.depth': '3' },
    },
  }),
  'no limit at all': withLinux({
    resources: { memory: { limit: -1, swap: -1 }, cpu: { quota: -1 }, pids: { limit: -1 } },
  }),
  devices: withLinux({
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
      ],
    },
  }),
  'a group': withLinux({ cgroupsPath: 'ci/haco/web', resources: { pids: { limit: 5 } } }),
  'annotations and names': { ...plainConfig(), annotations: { 'org.example': 'x' }, domainname: 'example.org' },
};

describe('a configuration', () => {
  test.each(Object.keys(configs))('of %s is the same container when it was written and read again', (name) => {
    const first = imported(configs[name]);
    const { config, notRepresented } = exported(first);
    expect(notRepresented).toEqual([]);
    expect(specOf(imported(config))).toEqual(specOf(first));
    expect(exported(imported(config)).config).toEqual(config);
  });

  test('keeps its fields as they are', () => {
    const { config } = exported(imported(configs['every limit']));
    const { devices: _, ...resources } = config.linux?.resources ?? {};
    expect(resources).toEqual((configs['every limit'] as { linux: { resources: object } }).linux.resources);
    const before = configs['sets of capabilities'] as { process: object };
    expect(exported(imported(before)).config.process).toEqual({ ...before.process, oomScoreAdj: 0 });
  });
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'));
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const id = fc.integer({ min: 0, max: 65_535 });
const flag = fc.constant(true as const);
const attributes = { readonly: flag, nosuid: flag, nodev: flag, noexec: flag };

/** One or more verbs, applied to a builder that has every namespace. */
type Change = (builder: Builder) => Builder;
const calls = (verb: string, ...args: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<Change> =>
  fc
    .tuple(...args)
    .map(
      (given) => (builder) =>
        (builder as unknown as Record<string, (...args: unknown[]) => Builder>)[verb]?.(...given) as Builder,
    );

const bind = fc.tuple(
  path,
  path,
  fc.record(
    { ...attributes, recursive: fc.boolean(), propagation: fc.constant('slave' as const) },
    { requiredKeys: ['recursive'] },
  ),
);

/** What haco says just as the specification does. */
const representable = fc.array(
  fc.oneof(
    calls('command', path, text, text),
    calls('env', fc.dictionary(fc.stringMatching(/^[A-Z_]{1,6}$/), text, { maxKeys: 3 })),
    calls('workdir', path),
    calls('user', id, id, fc.array(id, { maxLength: 3 })),
    calls('hostname', name),
    calls('domainname', name),
    calls('metadata', fc.dictionary(name, text, { maxKeys: 3 })),
    calls(
      'rlimit',
      fc.constantFrom('nofile', 'core', 'fsize'),
      fc.integer({ min: 0, max: 500 }),
      fc.constantFrom(500, 'unlimited'),
    ),
    calls('noNewPrivileges'),
    calls('umask', fc.integer({ min: 0, max: 0o777 })),
    calls('oomScoreAdj', fc.integer({ min: 1, max: 1000 })),
    calls('scheduler', fc.record({ policy: fc.constant('batch'), nice: fc.integer({ min: 1, max: 19 }) })),
    calls('ioPriority', fc.constantFrom('rt', 'be', 'idle'), fc.integer({ min: 0, max: 7 })),
    calls('execCpuAffinity', fc.constantFrom({ initial: '0' }, { initial: '0', final: '1-2' })),
    calls('personality', fc.constantFrom('linux', 'linux32')),
    calls('apparmor', name),
    calls('selinux', fc.constantFrom('u:r:t:s0', 'u:r:other_t:s0')),
    calls('mask', path),
    calls('readonlyPaths', path),
    calls('mapUsers', fc.constantFrom([{ inside: 0, outside: 1000, count: 65_536 }])),
    calls('timeOffsets', fc.record({ monotonicMs: fc.integer({ min: -9999, max: 9999 }).filter((ms) => ms !== 0) })),
    calls(
      'cgroup',
      fc.constantFrom('memory.limit_in_bytes', 'pids.max', 'cpu.shares', 'cpu.cfs_quota_us'),
      fc.integer({ min: 2000, max: 9000 }),
    ),
    calls('cgroup', fc.constantFrom('memory.high', 'memory.min'), fc.integer({ min: 0, max: 9000 })),
    calls(
      'seccomp',
      fc.constant({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_LOG' }] }),
    ).map(
      (change): Change =>
        (builder) =>
          change(builder.reset('seccomp')),
    ),
    bind.map(
      ([source, target, options]): Change =>
        (builder) =>
          (builder as never as { mount(...args: unknown[]): Builder }).mount(source, target, options),
    ),
    calls(
      'mount',
      fc.constant('tmpfs'),
      path,
      fc.record(
        { type: fc.constant('tmpfs'), data: fc.constantFrom('mode=700', 'mode=0755,size=4096'), ...attributes },
        { requiredKeys: ['type'] },
      ),
    ),
  ),
  { maxLength: 14 },
);

const everySet = { bounding: 'kill', permitted: 'kill', effective: 'kill', inheritable: [], ambient: [] } as const;

/** What a configuration always says, said. */
const begin = haco()
  .unshare(...namespaceKinds.filter((kind) => kind !== 'net'))
  .network('none')
  .mapUsers([{ inside: 0, outside: 0, count: 65_536 }])
  .mapGroups([{ inside: 0, outside: 0, count: 65_536 }])
  .chroot('/srv/root')
  .independent('dev')
  .user(0, 0, [])
  .capSets(everySet)
  .workdir('/')
  .command('/bin/true');

describe('a builder', () => {
  test('that says what the specification can say is read again as the same spec', () => {
    fc.assert(
      fc.property(representable, (changes) => {
        const builder = changes.reduce<Builder>((before, change) => change(before), begin);
        const { config, notRepresented } = exported(builder);
        expect(notRepresented).toEqual([]);
        expect(specOf(imported(config))).toEqual(specOf(builder));
      }),
      { numRuns: 300 },
    );
  });
});
