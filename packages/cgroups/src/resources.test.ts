/** Typed limits: human units in, keys of the resource out, on every kind of host. */
import { orderSteps, Rejected, renderOperation, type HostFacts } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Resources } from './controllers/index.js';
import { contextOf } from './fixture.js';
import { cgroups } from './part.js';
import type { CgroupsSection } from './section.js';

const { verbs } = cgroups;

function section(...limits: readonly Resources[]): CgroupsSection {
  return limits.reduce<CgroupsSection>((sum, one) => {
    const next = verbs.resources(sum, one);
    if (next instanceof Rejected) throw new Error(JSON.stringify(next.issues));
    return next;
  }, {});
}

function problems(limits: unknown): readonly string[] {
  const next = verbs.resources({}, limits as Resources);
  return next instanceof Rejected ? next.issues.map(({ path, message }) => `${path}: ${message}`) : [];
}

/** The steps before anything runs in the group: labels, and for those that aren't one write, their calls. */
function prepared(given: CgroupsSection, host: HostFacts): readonly string[] {
  return orderSteps(cgroups.plan(given, contextOf(given, host)))
    .filter(({ phase, id }) => phase === 'prepare' && !id.startsWith('cgroups.create'))
    .map(({ label }) => label.replace(/ of (haco\/)?x$/, ''));
}

const everything: Resources = {
  cpu: { percent: 50, weight: 20, burst: '10ms', realtime: { runtime: '5ms', period: '500ms' }, uclamp: { max: 50 } },
  cpuset: { cpus: [0, 1], mems: '0' },
  memory: { max: '1GiB', low: '64MiB', swap: 0, swappiness: 10, disableOomKiller: false, oomGroup: false },
  pids: { max: 64 },
  io: { weight: 50, devices: [{ device: '8:0', readBps: '10MiB', writeIops: 100, weight: 200 }] },
  devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }],
  hugetlb: { '2MB': '4MiB' },
  netCls: { classid: '10:1' },
  netPrio: { lo: 5 },
  rdma: { mlx5_0: { hcaHandles: 2, hcaObjects: 2000 } },
  misc: { sev: 3 },
  perfEvent: true,
  freeze: false,
};

describe('resources', () => {
  test('what the three verbs say is kept where they keep it', () => {
    expect(section({ cpu: { percent: 50 }, memory: { max: '1MiB' }, pids: { max: 3 } })).toEqual({
      cpu: 50,
      memory: 1_048_576,
      pids: 3,
    });
  });

  test('values become base units', () => {
    expect(section({ cpu: { burst: '10ms' }, memory: { high: '1MiB' }, netCls: { classid: '10:1' } })).toEqual({
      resources: { cpu: { burst: 10 }, memory: { high: 1_048_576 }, netCls: { classid: 0x10_0001 } },
    });
  });

  test('calls add up: single values replace, lists grow', () => {
    const both = section(
      { memory: { high: 1, low: 2 }, devices: [{ allow: false }], io: { devices: [{ device: '8:0', readBps: 1 }] } },
      {
        memory: { high: 3 },
        devices: [{ allow: true, type: 'c' }],
        io: { weight: 5, devices: [{ device: '8:16', readBps: 2 }] },
      },
    );
    expect(both.resources).toEqual({
      memory: { high: 3, low: 2 },
      devices: [{ allow: false }, { allow: true, type: 'c' }],
      io: {
        weight: 5,
        devices: [
          { device: '8:0', readBps: 1 },
          { device: '8:16', readBps: 2 },
        ],
      },
    });
  });

  test.each([
    [{ cpu: { weight: 0 } }, 'cgroups.resources.cpu.weight: 0 is not between 1 and 10000'],
    [{ cpu: { percent: 0 } }, 'cgroups.resources.cpu.percent: 0 is not between 1 and 819200 percent of one CPU'],
    [{ cpu: { idle: 1 } }, 'cgroups.resources.cpu.idle: must be true or false'],
    [
      { cpu: { realtime: { runtime: -1 } } },
      'cgroups.resources.cpu.realtime.runtime: -1 is not a non-negative number of milliseconds',
    ],
    [{ cpu: { speed: 1 } }, 'cgroups.resources.cpu.speed: is not known here'],
    [{ cpuset: { cpus: '3-1' } }, 'cgroups.resources.cpuset.cpus: the range 3-1 runs backwards'],
    [
      { cpuset: { mems: '' } },
      'cgroups.resources.cpuset.mems: must be numbers and ranges such as "0-3,8", or a list of numbers',
    ],
    [
      { memory: { swap: 'lots' } },
      'cgroups.resources.memory.swap: "lots" is not a size; write a number of bytes or e.g. "256MiB", "1.5GiB", "64kB"',
    ],
    [{ memory: { swappiness: 201 } }, 'cgroups.resources.memory.swappiness: 201 is not between 0 and 200'],
    [
      { io: { devices: [{ device: 'sda', readBps: 1 }] } },
      'cgroups.resources.io.devices[0].device: "sda" is not a block device; write "major:minor", e.g. "8:0", or a path such as "/dev/sda"',
    ],
    [
      { io: { devices: [{ device: '8:0', readBps: 0 }] } },
      'cgroups.resources.io.devices[0].readBps: 0 is not between 1 and 9007199254740991',
    ],
    [
      { devices: [{ allow: true, access: 'rx' }] },
      'cgroups.resources.devices[0].access: "rx" is no access; write some of "rwm"',
    ],
    [
      { devices: [{ allow: true, major: 4096 }] },
      'cgroups.resources.devices[0].major: 4096 is not between -1 and 4095',
    ],
    [{ hugetlb: { big: 1 } }, 'cgroups.resources.hugetlb["big"]: "big" is not a page size such as "2MB" or "1GB"'],
    [
      { netCls: { classid: 'x' } },
      'cgroups.resources.netCls.classid: "x" is not a class; write a number of 32 bits, or hexadecimal "major:minor", e.g. "10:1"',
    ],
    [{ netPrio: { 'a b': 1 } }, 'cgroups.resources.netPrio["a b"]: "a b" is not the name of a network interface'],
    [
      { disk: {} },
      'cgroups.resources.disk: is no resource; the resources are cpuset, cpu, memory, pids, io, devices, hugetlb, perfEvent, netCls, netPrio, rdma, misc, freeze',
    ],
    ['50%', 'cgroups.resources: must be an object'],
  ])('%j is refused with its path', (limits, problem) => {
    expect(problems(limits)).toEqual([problem]);
  });

  test('every problem is told at once', () => {
    expect(problems({ cpu: { weight: 0 }, memory: { min: -1 }, misc: { 'a b': -1 } })).toHaveLength(4);
  });

  test('limits that the kernel refuses together are refused before', () => {
    const issues = (given: CgroupsSection): readonly string[] =>
      cgroups.validate(given, contextOf(given, storedHosts.v2)).map(({ path }) => path);
    expect(issues(section({ cpu: { weight: 5, idle: true } }))).toEqual(['cgroups.resources.cpu.weight']);
    expect(issues(section({ cpu: { percent: 20, burst: '21ms' } }))).toEqual(['cgroups.resources.cpu.burst']);
    expect(issues(section({ cpu: { percent: 20, burst: '20ms' } }))).toEqual([]);
  });

  test('sections survive JSON, also when a person wrote it', () => {
    const given = section(everything);
    expect(cgroups.parse(JSON.parse(JSON.stringify(given)))._unsafeUnwrap()).toEqual(given);
    expect(cgroups.parse({ resources: everything })._unsafeUnwrap()).toEqual(given);
    expect(cgroups.parse({ resources: { cpu: { weight: 0 } } })._unsafeUnwrapErr()).toEqual([
      { path: 'resources.cpu.weight', message: '0 is not between 1 and 10000' },
    ]);
  });

  test('whatever is given, the answer is a section or reasons, and a section is read as itself', () => {
    const words = [
      'cpu',
      'cpuset',
      'memory',
      'io',
      'devices',
      'hugetlb',
      'netCls',
      'netPrio',
      'rdma',
      'misc',
      'freeze',
    ];
    const anything = fc.dictionary(fc.constantFrom(...words), fc.anything());
    fc.assert(
      fc.property(anything, (limits) => {
        const next = verbs.resources({}, limits as Resources);
        if (next instanceof Rejected) expect(next.issues.length).toBeGreaterThan(0);
        else if (next.resources !== undefined) expect(verbs.resources({}, next.resources as Resources)).toEqual(next);
      }),
    );
  });
});

describe('plans', () => {
  test('on v1 every resource has its files', () => {
    expect(prepared(section(everything), storedHosts.v1)).toMatchInlineSnapshot(`
      [
        "give haco the time for realtime processes that /sys/fs/cgroup/cpu,cpuacct/system.slice/ssh.service has",
        "write "500000" to cpu.rt_period_us",
        "write "50000" to cpu.cfs_quota_us",
        "write "205" to cpu.shares",
        "write "50.00" to cpu.uclamp.max",
        "write "5000" to cpu.rt_runtime_us",
        "write "10000" to cpu.cfs_burst_us",
        "write "1073741824" to memory.limit_in_bytes",
        "write "67108864" to memory.soft_limit_in_bytes",
        "write "10" to memory.swappiness",
        "write "0" to memory.oom_control",
        "write "1073741824" to memory.memsw.limit_in_bytes",
        "write "64" to pids.max",
        "give haco/x the CPUs and memory nodes of /sys/fs/cgroup/cpuset",
        "write "0,1" to cpuset.cpus",
        "write "0" to cpuset.mems",
        "write "50" to blkio.bfq.weight",
        "write "8:0 10485760" to blkio.throttle.read_bps_device",
        "write "8:0 100" to blkio.throttle.write_iops_device",
        "write "8:0 200" to blkio.bfq.weight_device",
        "write "a *:* rwm" to devices.deny",
        "write "c 1:3 rw" to devices.allow",
        "write "4194304" to hugetlb.2MB.limit_in_bytes",
        "write "1048577" to net_cls.classid",
        "write "lo 5" to net_prio.ifpriomap",
        "write "mlx5_0 hca_handle=2 hca_object=2000" to rdma.max",
        "write "sev 3" to misc.max",
        "write "THAWED" to freezer.state",
      ]
    `);
  });

  test('a hybrid host is as a v1 host, as long as v1 has the controllers', () => {
    const { freeze, ...others } = everything;
    expect(prepared(section(others), storedHosts.hybrid)).toEqual(prepared(section(others), storedHosts.v1));
    // What v1 has frozen can't be killed.
    expect(prepared(section({ freeze: freeze ?? false }), storedHosts.hybrid)).toContain('write "0" to cgroup.freeze');
  });

  test('on v2 every resource has its files, and rules about devices are a program', () => {
    const { netCls, netPrio, cpu, memory, ...others } = everything;
    const { realtime, ...cpuOfV2 } = cpu ?? {};
    const { swappiness, ...memoryOfV2 } = memory ?? {};
    expect([netCls, netPrio, realtime, swappiness]).not.toContain(undefined);
    const given = section({ ...others, cpu: cpuOfV2, memory: { ...memoryOfV2, high: '512MiB', oomGroup: true } });
    expect(cgroups.check(given, contextOf(given, storedHosts.v2))).toEqual([]);
    expect(prepared(given, storedHosts.v2)).toMatchInlineSnapshot(`
      [
        "hand cpu, memory, pids, cpuset, io, hugetlb, rdma, misc down to the group",
        "let a program decide about devices in haco/x: deny a *:* rwm, allow c 1:3 rw",
        "write "50000 100000" to cpu.max",
        "write "1073741824" to memory.max",
        "write "64" to pids.max",
        "write "0,1" to cpuset.cpus",
        "write "0" to cpuset.mems",
        "write "20" to cpu.weight",
        "write "50.00" to cpu.uclamp.max",
        "write "536870912" to memory.high",
        "write "67108864" to memory.low",
        "write "0" to memory.swap.max",
        "write "1" to memory.oom.group",
        "write "50" to io.weight",
        "write "8:0 rbps=10485760 wiops=100" to io.max",
        "write "8:0 200" to io.weight",
        "write "4194304" to hugetlb.2MB.max",
        "write "mlx5_0 hca_handle=2 hca_object=2000" to rdma.max",
        "write "sev 3" to misc.max",
        "write "10000" to cpu.max.burst",
        "write "0" to cgroup.freeze",
      ]
    `);
  });

  test('what only v1 has is refused on v2, each with its reason', () => {
    const given = section(everything);
    expect(cgroups.check(given, contextOf(given, storedHosts.v2)).map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "cgroup v2, which this host uses for cpu, can't express resources({ cpu: { realtime: … } }); v2 gives realtime processes no budgets by group; leave it out, or start the program with chrt(1).",
        "cgroup v2, which this host uses for memory, can't express resources({ memory: { swappiness: … } }); use memory.swap.max to bound swap on v2.",
        "This host has no cgroup controller "net_cls", which resources({ netCls: { classid: … } }) needs; leave it out, or check with "cat /proc/cgroups" and the kernel's command line (cgroup_disable, cgroup_enable).",
        "This host has no cgroup controller "net_prio", which resources({ netPrio: … }) needs; leave it out, or check with "cat /proc/cgroups" and the kernel's command line (cgroup_disable, cgroup_enable).",
      ]
    `);
  });

  test('a v1 cpuset gets what its parent has where nothing is said, before anybody enters', () => {
    const given = section({ cpuset: { cpus: '0' } });
    const steps = orderSteps(cgroups.plan(given, contextOf(given, storedHosts.v1)));
    expect(steps.map(({ id }) => id)).toEqual([
      'cgroups.create.cpuset',
      'cgroups.inherit.cpuset',
      'cgroups.limit.cpuset.cpus',
      'cgroups.join',
      'cgroups.stop',
      'cgroups.remove',
    ]);
    expect(steps[1]?.operations.map(renderOperation)).toMatchInlineSnapshot(`
      [
        "openat(<cgroups.base.cpuset>, "cpuset.cpus", O_RDONLY|O_CLOEXEC) = <cgroups.file>",
        "read(<cgroups.file>, &cgroups.base.cpuset.cpus, 4096) = <cgroups.base.cpuset.cpus>",
        "close(<cgroups.file>)",
        "openat(<cgroups.base.cpuset>, "haco/cpuset.cpus", O_WRONLY|O_CLOEXEC) = <cgroups.file>",
        "write(<cgroups.file>, &cgroups.base.cpuset.cpus, <cgroups.base.cpuset.cpus>)   or EBUSY",
        "close(<cgroups.file>)",
        "openat(<cgroups.base.cpuset>, "cpuset.mems", O_RDONLY|O_CLOEXEC) = <cgroups.file>",
        "read(<cgroups.file>, &cgroups.base.cpuset.mems, 4096) = <cgroups.base.cpuset.mems>",
        "close(<cgroups.file>)",
        "openat(<cgroups.base.cpuset>, "haco/cpuset.mems", O_WRONLY|O_CLOEXEC) = <cgroups.file>",
        "write(<cgroups.file>, &cgroups.base.cpuset.mems, <cgroups.base.cpuset.mems>)   or EBUSY",
        "close(<cgroups.file>)",
        "openat(<cgroups.dir.cpuset>, "cpuset.mems", O_WRONLY|O_CLOEXEC) = <cgroups.file>",
        "write(<cgroups.file>, &cgroups.base.cpuset.mems, <cgroups.base.cpuset.mems>)",
        "close(<cgroups.file>)",
      ]
    `);
    // The parent that was asked for is somebody else's: only the own group is filled.
    const below = { ...given, parent: 'ci' };
    const inherit = cgroups.plan(below, contextOf(below, storedHosts.v1)).find(({ id }) => id.includes('inherit'));
    expect(inherit?.operations.map(renderOperation).join('\n')).not.toContain('haco/');
  });

  test('a program about devices is loaded and attached to the group', () => {
    const given = section({
      devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }],
    });
    const step = cgroups
      .plan(given, contextOf(given, storedHosts.v2))
      .find(({ id }) => id === 'cgroups.limit.devices.program');
    expect(step?.operations.map(renderOperation)).toMatchInlineSnapshot(`
      [
        "bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_CGROUP_DEVICE, insn_cnt=15, insns=<120 bytes>, license="MIT", log_level=0, log_size=0, log_buf=0, kern_version=0, prog_flags=0, prog_name+0="haco", prog_name+4="_dev", prog_name+8="ices", prog_name+12=""}, 64) = <cgroups.program>",
        "bpf(BPF_PROG_ATTACH, {target_fd=<cgroup2>, attach_bpf_fd=<cgroups.program>, attach_type=BPF_CGROUP_DEVICE, attach_flags=BPF_F_ALLOW_MULTI}, 16)",
        "close(<cgroups.program>)",
      ]
    `);
    expect(step?.enforces).toEqual(['devices']);
    expect(cgroups.check(given, contextOf(given, storedHosts.rootless))[0]?.message).toMatch(/only root may load/);
  });

  test('only controllers that v2 hands down are handed down', () => {
    const given = section({ devices: [{ allow: false }], freeze: false });
    const ids = cgroups.plan(given, contextOf(given, storedHosts.v2)).map(({ id }) => id);
    expect(ids).not.toContain('cgroups.enable.v2');
  });

  test('what writes no file is in force by the group itself', () => {
    const given = section({ perfEvent: true });
    const enforced = cgroups.plan(given, contextOf(given, storedHosts.v1)).flatMap(({ enforces = [] }) => enforces);
    expect(enforced).toEqual(['perfEvent']);
  });

  test('what is frozen on v1 is thawed before it is killed', () => {
    const given = section({ freeze: false });
    const stop = cgroups.plan(given, contextOf(given, storedHosts.v1)).find(({ id }) => id === 'cgroups.stop');
    expect(stop?.operations.map(renderOperation).slice(0, 2)).toEqual([
      'openat(<cgroups.dir.freezer>, "freezer.state", O_WRONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT',
      'write(<cgroups.file>, "THAWED", 6)   or ENODEV',
    ]);
  });

  test('step ids are unique, also with several devices and rules', () => {
    const more = section(everything, {
      io: { devices: [{ device: '8:16', readBps: 1, weight: 3 }] },
      devices: [{ allow: true, type: 'c', major: 1, minor: 5 }],
      rdma: { mlx5_1: { hcaHandles: 1 } },
      misc: { tdx: 1 },
    });
    for (const host of Object.values(storedHosts)) {
      const ids = cgroups.plan(more, contextOf(more, host)).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { step } of cgroups.check(more, contextOf(more, host))) expect(ids).toContain(step);
    }
  });
});
