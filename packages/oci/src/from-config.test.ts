/** A `config.json` becomes the container that it describes, or every problem is said with its path. */
import { describe, expect, test } from 'vitest';
import { orThrow } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { plainConfig, withLinux, withMount, withProcess } from './fixture.js';
import { fromConfig, type ImportOptions } from './index.js';

const specOf = (json: unknown, options?: ImportOptions) => orThrow(orThrow(fromConfig(json, options)).spec());
const refused = (json: unknown, options?: ImportOptions): string =>
  fromConfig(json, options)._unsafeUnwrapErr().message;
const problems = (json: unknown, options?: ImportOptions): readonly string[] =>
  fromConfig(json, options).match(
    () => [],
    ({ issues }) => issues.map(({ path, message }) => `${path}: ${message}`),
  );

describe('what haco can do too', () => {
  test('is the same in its spec', () => {
    expect(specOf(plainConfig())).toMatchObject({
      process: {
        command: { file: '/bin/sh', args: ['-c', 'true'] },
        env: { PATH: '/bin' },
        workdir: '/',
        user: { uid: 0, gid: 0, groups: [] },
      },
      namespaces: { unshare: ['pid', 'ipc', 'uts', 'mount'], hostname: 'inside' },
      network: { mode: { kind: 'none' } },
      mounts: {
        rootfs: { path: '/srv/root' },
        entries: [
          { kind: 'filesystem', type: 'proc', target: '/proc', nosuid: true, nodev: true, noexec: true },
          { kind: 'independent', name: 'dev' },
        ],
      },
      caps: { sets: { bounding: [], permitted: [], effective: [], inheritable: [], ambient: [] } },
    });
  });

  test('users, terminals, rlimits and labels', () => {
    const json = withProcess({
      user: { uid: 7, gid: 8, additionalGids: [9], umask: 18 },
      terminal: true,
      consoleSize: { width: 100, height: 30 },
      noNewPrivileges: true,
      oomScoreAdj: 5,
      apparmorProfile: 'mine',
      rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: Number('18446744073709551615') }],
      capabilities: { bounding: ['CAP_KILL'], permitted: ['CAP_KILL'], effective: ['CAP_KILL'] },
    });
    expect(specOf(json)).toMatchObject({
      process: { user: { uid: 7, gid: 8, groups: [9] }, umask: 0o022, oomScoreAdj: 5, tty: { columns: 100, rows: 30 } },
      confine: { noNewPrivileges: true },
      lsm: { apparmor: { profile: 'mine' } },
      rlimits: { core: { soft: 0, hard: 'unlimited' } },
      caps: { sets: { bounding: ['kill'], permitted: ['kill'], effective: ['kill'], inheritable: [], ambient: [] } },
    });
  });

  test('how it is scheduled, where, and on which machine', () => {
    const json = withLinux({ personality: { domain: 'LINUX32', flags: [] } }) as { process: object };
    const process = {
      ...json.process,
      scheduler: { policy: 'SCHED_DEADLINE', flags: ['SCHED_FLAG_DL_OVERRUN'], runtime: 2e6, deadline: 1e7, nice: 0 },
      ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 },
      execCPUAffinity: { initial: '0', final: '0-1' },
    };
    expect(specOf({ ...json, process }).process).toMatchObject({
      scheduler: { policy: 'deadline', flags: ['dl_overrun'], runtimeNs: 2e6, deadlineNs: 1e7 },
      ioPriority: { class: 'be', level: 6 },
      execCpuAffinity: { initial: '0', final: '0-1' },
      personality: 'linux32',
    });
    const empty = withProcess({
      execCPUAffinity: { initial: '', final: '' },
      ioPriority: { class: 'IOPRIO_CLASS_RT' },
    });
    expect(specOf(empty).process).toMatchObject({ ioPriority: { class: 'rt', level: 0 } });
    expect(specOf(empty).process).not.toHaveProperty('execCpuAffinity');
  });

  test('bind mounts, relative to the bundle, and options of filesystems', () => {
    const bind = { destination: '/data', source: 'data', options: ['rbind', 'rro', 'rslave'] };
    expect(specOf(withMount(bind), { bundle: '/b' })['mounts']).toMatchObject({
      entries: [
        {},
        {},
        { kind: 'bind', source: '/b/data', target: '/data', recursive: true, readonly: true, propagation: 'slave' },
      ],
    });
    const tmpfs = { destination: '/tmp', type: 'tmpfs', options: ['nosuid', 'suid', 'nodev', 'mode=700', 'size=1m'] };
    expect(specOf(withMount(tmpfs))['mounts']).toMatchObject({
      entries: [{}, {}, { kind: 'filesystem', type: 'tmpfs', data: 'mode=700,size=1m', nodev: true }],
    });
  });

  test('maps, paths of namespaces, restricted paths and a filter', () => {
    const json = withLinux({
      namespaces: [{ type: 'mount' }, { type: 'uts' }, { type: 'user' }, { type: 'network', path: '/run/netns/x' }],
      uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      gidMappings: [{ containerID: 0, hostID: 2000, size: 10 }],
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
      seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }] },
    });
    expect(specOf(json)).toMatchObject({
      namespaces: {
        unshare: ['mount', 'uts', 'user'],
        enter: [{ kind: 'net', path: '/run/netns/x' }],
        uidMap: [{ inside: 0, outside: 1000, count: 10 }],
        gidMap: [{ inside: 0, outside: 2000, count: 10 }],
      },
      mounts: { masked: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] },
      seccomp: { filters: [{ profile: { defaultAction: 'SCMP_ACT_ALLOW' } }] },
    });
  });

  test('limits, which haco spells for every host', () => {
    const json = withLinux({
      resources: {
        memory: { limit: 67108864, swap: 134217728 },
        cpu: { shares: 512, quota: 50000, period: 100000, cpus: '0' },
        pids: { limit: 50 },
      },
    });
    const { cgroups } = specOf(json);
    expect(cgroups).toEqual({
      keys: {
        'memory.limit_in_bytes': '67108864',
        'memory.memsw.limit_in_bytes': '134217728',
        'cpu.shares': '512',
        'cpu.cfs_period_us': '100000',
        'cpu.cfs_quota_us': '50000',
        'cpuset.cpus': '0',
        'pids.max': '50',
      },
    });
    const builder = orThrow(fromConfig(json)).name('x');
    const planned = Object.values(storedHosts).map((host) => String(orThrow(builder.explain({ host }))));
    expect(planned.filter((plan) => plan.includes('memory.swap.max') || plan.includes('memory.memsw'))).not.toEqual([]);
  });

  test('devices that every container may use stay allowed', () => {
    const { cgroups } = specOf(withLinux({ resources: { devices: [{ allow: false, access: 'rwm' }] } }));
    expect(cgroups).toMatchObject({
      resources: { devices: expect.arrayContaining([{ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }]) },
    });
  });

  test('annotations are tags', () => {
    expect(specOf({ ...plainConfig(), annotations: { 'org.example': 'x' } }).identity.metadata).toEqual({
      'org.example': 'x',
    });
  });

  test('null is what Go writes for nothing', () => {
    expect(specOf({ ...plainConfig(), hooks: null, annotations: null })).toEqual(specOf(plainConfig()));
  });
});

describe('what is wrong', () => {
  test('is said with the path of the configuration, all of it', () => {
    const json = withProcess({
      args: [],
      cwd: 'x',
      env: ['a'],
      oomScoreAdj: 5000,
      user: { uid: -1, gid: 0, umask: 4096, additionalGids: [5, -5] },
      capabilities: { bounding: ['CAP_NOPE'], effective: ['CAP_KILL'] },
      rlimits: [
        { type: 'RLIMIT_NOFILE', soft: 5, hard: 4 },
        { type: 'RLIMIT_NOPE', soft: 1, hard: 1 },
        { type: 'RLIMIT_NOFILE', soft: 1, hard: 1 },
      ],
    });
    expect(problems(json)).toEqual([
      'process.args: must name a program',
      'process.cwd: "x" is not an absolute path',
      'process.env[0]: "a" is no variable; write NAME=value',
      'process.capabilities.bounding[0]: "CAP_NOPE" is no capability; names are those of capabilities(7), such as "CAP_NET_RAW"',
      'process.rlimits[1].type: "RLIMIT_NOPE" is no limit; names are those of getrlimit(2), such as "RLIMIT_NOFILE"',
      'process.rlimits[2].type: RLIMIT_NOFILE is there twice',
      'process.user.uid: -1 is not an id; ids are 0 to 4294967294',
      'process.user.additionalGids[1]: -5 is not an id; ids are 0 to 4294967294',
      'process.user.umask: 4096 is not a mask; write 0 to 0o777, e.g. 0o077',
      'process.oomScoreAdj: 5000 is not an adjustment; write -1000 to 1000',
      'process.rlimits[0]: the soft limit 5 is above the hard limit 4; raise the hard limit',
      "process.capabilities.effective[0]: kill can't be effective without being permitted",
    ]);
  });

  test('namespaces and what needs them', () => {
    const json = withLinux({
      namespaces: [{ type: 'pid' }, { type: 'pid' }, { type: 'ipc', path: 'x' }, { type: 'mount' }],
      uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
      timeOffsets: { monotonic: { secs: 1 } },
      maskedPaths: ['x'],
    });
    expect(problems(json)).toEqual([
      'linux.namespaces[1]: pid is there twice',
      'linux.namespaces[2].path: "x" is not an absolute path',
      'hostname: would rename the host; add unshare("uts")',
      'linux.uidMappings: only a new user namespace can be mapped; add unshare("user")',
      'linux.timeOffsets: only a new time namespace can have offsets; add unshare("time")',
      'linux.maskedPaths[0]: "x" is not absolute; a target is a path inside the container',
    ]);
  });

  test('schedulers, priorities, processors and domains', () => {
    const scheduler = (fields: object) => problems(withProcess({ scheduler: fields }));
    const policies =
      '"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE", "SCHED_FIFO", "SCHED_RR", "SCHED_DEADLINE", "SCHED_ISO"';
    expect(scheduler({})).toEqual([`process.scheduler.policy: must be one of ${policies}`]);
    expect(scheduler({ policy: 'SCHED_ISO', nice: 1 })).toEqual([
      'process.scheduler.policy: "SCHED_ISO" is a policy that no Linux has; choose another one',
    ]);
    expect(scheduler({ policy: 'SCHED_OTHER', nice: 20, priority: 3, runtime: 5 })).toEqual([
      'process.scheduler.nice: 20 is not a nice value; write -20 to 19',
      'process.scheduler.priority: means something for "fifo" and "rr" only, not for "other"; leave it out',
      'process.scheduler.runtime: means something for "deadline" only, not for "other"; leave it out',
    ]);
    expect(scheduler({ policy: 'SCHED_FIFO', priority: 0, period: -1 })).toEqual([
      'process.scheduler.priority: is what "fifo" needs; write 1 to 99',
      'process.scheduler.period: means something for "deadline" only, not for "fifo"; leave it out',
    ]);
    expect(scheduler({ policy: 'SCHED_DEADLINE', deadline: 9, period: 5 })).toEqual([
      'process.scheduler.runtime: is what "deadline" needs; write nanoseconds',
      'process.scheduler.period: 5 is shorter than the deadline; make it at least as long',
    ]);
    expect(scheduler({ policy: 'SCHED_RR', priority: 'x', flags: ['SCHED_FLAG_NOPE'] })).toEqual([
      'process.scheduler.priority: must be a whole number',
      expect.stringMatching(/^process\.scheduler\.flags\[0\]: must be one of "SCHED_FLAG_RESET_ON_FORK", /),
    ]);
    expect(
      problems(
        withProcess({
          ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 8 },
          execCPUAffinity: { initial: '1-', final: '3-2' },
        }),
      ),
    ).toEqual([
      'process.ioPriority.priority: 8 is not a level; write 0 (first) to 7 (last)',
      'process.execCPUAffinity.initial: "1-" is no list of processors; write numbers below 8192 and ranges of them, such as "0-3,7"',
      'process.execCPUAffinity.final: "3-2" is no list of processors; write numbers below 8192 and ranges of them, such as "0-3,7"',
    ]);
    expect(problems(withProcess({ ioPriority: { priority: 1 }, execCPUAffinity: { final: 3 } }))).toEqual([
      'process.ioPriority.class: must be one of "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"',
      'process.execCPUAffinity.final: must be a string',
    ]);
    expect(problems(withLinux({ personality: { domain: 'BSD' } }))).toEqual([
      'linux.personality.domain: must be one of "LINUX", "LINUX32"',
    ]);
  });

  test('mounts', () => {
    const mount = (fields: object) => problems(withMount(fields));
    expect(mount({ destination: 'tmp', type: 'tmpfs' })).toEqual([
      'mounts[2].destination: "tmp" is not an absolute path',
    ]);
    expect(mount({ destination: '/d', options: ['bind'] })).toEqual([
      'mounts[2].source: must be the path of what is bound',
    ]);
    expect(mount({ destination: '/d', source: 'x', options: ['bind', 'foo', 'constructor'] })).toEqual([
      'mounts[2].options[1]: "foo" is no option of a bind mount',
      'mounts[2].options[2]: "constructor" is no option of a bind mount',
      'mounts[2].source: "x" is relative to the bundle; say where that is with { bundle }',
    ]);
  });

  test('limits', () => {
    expect(
      problems(withLinux({ resources: { memory: { limit: -5 }, hugepageLimits: [{ pageSize: 'x', limit: 1 }] } })),
    ).toEqual([
      'linux.resources.memory.limit: -5 is no limit; -1 is the lowest, and means none',
      'linux.resources.hugepageLimits[0].pageSize: "x" is no size of pages; write one such as "2MB"',
    ]);
  });

  test('types and unknown fields', () => {
    expect(problems({ ...plainConfig(), extra: 1, process: { args: 'x' }, ociVersion: 1 })).toEqual([
      'extra: the specification has no such field; name this path in "accept" if that is fine',
      'ociVersion: must be a string',
      'process.args: must be a list',
      'process.cwd: must be a string',
    ]);
    expect(refused(null)).toBe('The spec is invalid: the configuration must be an object.');
    expect(problems({ ...plainConfig(), ociVersion: '2.0.0' })).toEqual([
      'ociVersion: "2.0.0" is no version of the specification that haco knows; it knows 1.x.y',
    ]);
  });
});

test('a mount with the lists of ids of the container has its map; with others it is a difference, and one list alone is wrong', () => {
  const map = (hostID: number) => [{ containerID: 0, hostID, size: 10 }];
  const mappings = { uidMappings: map(1000), gidMappings: map(1000) };
  const withLists = (lists: object, linux: object) => ({
    ...withLinux(linux),
    mounts: [{ destination: '/mnt', type: 'bind', source: '/srv', options: ['bind'], ...lists }],
  });
  const users = { namespaces: ['mount', 'uts', 'user'].map((type) => ({ type })), ...mappings };
  const read = (json: object) => fromConfig(json, { bundle: '/srv/bundle', accept: ['mounts', 'linux'] });
  const spec = read(withLists(mappings, users))._unsafeUnwrap().spec()._unsafeUnwrap();
  expect(JSON.stringify(spec)).toContain('"target":"/mnt","recursive":false,"idmap":"container"');
  const issues = (lists: object) =>
    fromConfig(withLists(lists, users), { bundle: '/srv/bundle' })._unsafeUnwrapErr().message;
  expect(issues({ ...mappings, uidMappings: map(5) })).toContain(
    'mounts[0].uidMappings: haco maps owners as a user namespace does, not by lists of ids; name this path in "accept"',
  );
  expect(issues({ gidMappings: map(5) })).toContain(
    'mounts[0].uidMappings: is missing beside "gidMappings"; a mount has both or none',
  );
});

describe('what haco does differently', () => {
  const fine = '; name this path in "accept" if that is fine';
  const cases: readonly (readonly [object, string, string])[] = [
    [
      withLinux({ memoryPolicies: { mode: 'MPOL_BIND' } }),
      'linux.memoryPolicies',
      'the specification has no such field',
    ],
    [withLinux({ memoryPolicy: { mode: 'MPOL_BIND', nodes: '0' } }), 'linux.memoryPolicy', 'haco has no word for it'],
    [withLinux({ netDevices: { eth0: {} } }), 'linux.netDevices', 'haco has no word for it'],
    [withProcess({ env: ['A=1', 'A=2'] }), 'process.env[1]', '"A" is there twice, and haco keeps the last one'],
    [
      withProcess({ capabilities: { bounding: ['CAP_KILL'], permitted: ['CAP_KILL'], ambient: ['CAP_KILL'] } }),
      'process.capabilities.ambient[0]',
      'CAP_KILL is left out: the kernel has it ambient only where it is permitted and inheritable, too',
    ],
    [withProcess({ commandLine: 'x' }), 'process.commandLine', 'haco has no word for it'],
    [
      withProcess({ scheduler: { policy: 'SCHED_IDLE', nice: 5 } }),
      'process.scheduler.nice',
      'it means nothing with "SCHED_IDLE"',
    ],
    [
      withLinux({ personality: { domain: 'LINUX', flags: ['X'] } }),
      'linux.personality.flags',
      'the specification names no flag, and haco sets none',
    ],
    [
      withLinux({ cgroupsPath: 'x' }),
      'linux.cgroupsPath',
      'haco makes the group below "haco", by the name of the container',
    ],
    [
      withLinux({ rootfsPropagation: 'shared' }),
      'linux.rootfsPropagation',
      'the tree of a container is "rprivate" or "rslave" in haco, not "shared"',
    ],
    [{ ...plainConfig(), hooks: { poststop: [{ path: '/x' }] } }, 'hooks', 'haco has no word for it'],
    [
      { ...plainConfig(), mounts: [] },
      'mounts',
      'haco makes the devices that every container has only on a tmpfs at "/dev", and there is none',
    ],
    [
      withMount({ destination: '/t', type: 'tmpfs', options: ['tmpcopyup'] }),
      'mounts[2].options[0]',
      'haco has no word for "tmpcopyup"',
    ],
    [
      withMount({ destination: '/d', source: '/d', options: ['rbind', 'ro'] }),
      'mounts[2].options',
      'with "rbind", "ro" would hold for the topmost mount only, and holds for those below it too in haco',
    ],
    [
      withMount({ destination: '/sys/fs/cgroup', type: 'cgroup', options: ['nosuid'] }),
      'mounts[2].options',
      'cgroups in containers of haco are always "ro", "nosuid", "nodev", "noexec"',
    ],
  ];

  test.each(cases)('is a problem, unless it is accepted (%#)', (json, path, message) => {
    expect(problems(json)).toEqual([`${path}: ${message}${fine}`]);
    expect(problems(json, { accept: [path] })).toEqual([]);
    expect(problems(json, { accept: [path.slice(0, -1)] })).toHaveLength(1);
  });

  test('accepting a path accepts what is below it, and nothing that is wrong', () => {
    const json = withProcess({ commandLine: 'x', cwd: 'x' });
    expect(problems(json, { accept: ['process'] })).toEqual(['process.cwd: "x" is not an absolute path']);
  });
});

describe('what a runtime takes', () => {
  const runtime = { stubs: true };
  const entriesOf = (json: unknown, options?: ImportOptions) =>
    (specOf(json, options) as unknown as { mounts: { entries: readonly { kind: string }[] } }).mounts.entries;

  test('is a seccomp profile with names that no kernel has yet', () => {
    const syscalls = [
      { names: ['nonesuch', 'mount'], action: 'SCMP_ACT_ERRNO' },
      { names: ['nonesuch'], action: 'SCMP_ACT_ERRNO' },
    ];
    const json = withLinux({ seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls } });
    expect(problems(json)).not.toEqual([]);
    expect(specOf(json, runtime)).toMatchObject({
      seccomp: { filters: [{ profile: { syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] } }] },
    });
  });

  test('is a root without a mount at /dev, which gets the default devices, but no directory of the host does', () => {
    const last = (mounts: readonly object[]) => entriesOf({ ...plainConfig(), mounts }, runtime).at(-1);
    expect(last([])).toMatchObject({ kind: 'nodes' });
    expect(last([{ destination: '/dev', source: '/srv/dev', options: ['rbind'] }])).toMatchObject({ kind: 'bind' });
  });

  test('is the host name once', () => {
    const json = { ...withLinux({ sysctl: { 'kernel.hostname': 'other' } }), hostname: 'inside' };
    expect(problems(json, runtime)).toEqual([
      'linux.sysctl["kernel.hostname"]: says the same as "hostname", which is "inside"; keep one of them',
    ]);
  });

  test('is the propagation of any mount', () => {
    const tmpfs = { destination: '/mnt', type: 'tmpfs', source: 'tmpfs', options: ['runbindable', 'sync'] };
    expect(entriesOf(withMount(tmpfs))).toContainEqual(
      expect.objectContaining({ target: '/mnt', data: 'sync', propagation: 'unbindable' }),
    );
  });
});
