/** Keys of one version of cgroups in the words of the other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controllers, controllerWith, keyNamed } from './index.js';
import type { Setting } from '../settings.js';
import { spell } from '../spell.js';

function settings(keys: Readonly<Record<string, string>>): readonly Setting[] {
  return Object.entries(keys).map(([key, value]) => ({
    key,
    value,
    controller: controllerWith(key)?.name ?? '',
    from: 'cgroups.keys',
    enforces: key,
    asked: key,
  }));
}

/** The first of the keys, in the words of a version, given the others. */
function first(version: 1 | 2, keys: Readonly<Record<string, string>>): unknown {
  const all = settings(keys);
  return all[0] === undefined ? undefined : spell(all[0], version, all);
}

describe('translation', () => {
  test.each([
    [
      1,
      { 'cpu.max': '20000 50000' },
      [
        ['cpu.cfs_period_us', '50000'],
        ['cpu.cfs_quota_us', '20000'],
      ],
    ],
    [1, { 'cpu.max': 'max' }, [['cpu.cfs_quota_us', '-1']]],
    [2, { 'cpu.cfs_quota_us': '20000' }, [['cpu.max', '20000 100000']]],
    [2, { 'cpu.cfs_quota_us': '20000', 'cpu.cfs_period_us': '50000' }, [['cpu.max', '20000 50000']]],
    [2, { 'cpu.cfs_quota_us': '-1' }, [['cpu.max', 'max 100000']]],
    [2, { 'cpu.cfs_period_us': '50000', 'cpu.cfs_quota_us': '20000' }, []],
    [2, { 'cpu.cfs_period_us': '50000' }, [['cpu.max', 'max 50000']]],
    [2, { 'cpu.cfs_period_us': '50000', 'cpu.max': '20000 100000' }, [['cpu.max', '20000 50000']]],
    [2, { 'cpu.shares': '1024' }, [['cpu.weight', '100']]],
    [2, { 'cpu.shares': '2' }, [['cpu.weight', '1']]],
    [2, { 'cpu.shares': '262144' }, [['cpu.weight', '10000']]],
    [1, { 'cpu.weight': '100' }, [['cpu.shares', '1024']]],
    [1, { 'cpu.weight': '50' }, [['cpu.shares', '512']]],
    [1, { 'cpu.max.burst': '1000' }, [['cpu.cfs_burst_us', '1000']]],
    [2, { 'memory.limit_in_bytes': '-1' }, [['memory.max', 'max']]],
    [1, { 'memory.max': 'max' }, [['memory.limit_in_bytes', '-1']]],
    [2, { 'memory.soft_limit_in_bytes': '10M' }, [['memory.low', '10M']]],
    [1, { 'memory.swap.max': '0', 'memory.max': '10M' }, [['memory.memsw.limit_in_bytes', '10485760']]],
    [
      1,
      { 'memory.memsw.limit_in_bytes': '1M' },
      [
        ['memory.limit_in_bytes', '1M'],
        ['memory.memsw.limit_in_bytes', '1M'],
      ],
    ],
    [1, { 'memory.swap.max': 'max' }, [['memory.memsw.limit_in_bytes', '-1']]],
    [2, { 'memory.memsw.limit_in_bytes': '3M', 'memory.limit_in_bytes': '1M' }, [['memory.swap.max', '2097152']]],
    [1, { 'pids.max': 'max' }, [['pids.max', 'max']]],
    [2, { 'cpuacct.usage': '0' }, []],
    [1, { 'cpuset.cpus': '0-1' }, [['cpuset.cpus', '0-1']]],
    [1, { 'memory.oom_control': 'true' }, [['memory.oom_control', '1']]],
    [2, { 'memory.oom_control': '0' }, []],
    [1, { 'memory.oom.group': '0' }, []],
    [
      1,
      { 'io.max': '8:0 rbps=1 wbps=2 riops=3 wiops=max' },
      [
        ['blkio.throttle.read_bps_device', '8:0 1'],
        ['blkio.throttle.write_bps_device', '8:0 2'],
        ['blkio.throttle.read_iops_device', '8:0 3'],
        ['blkio.throttle.write_iops_device', '8:0 0'],
      ],
    ],
    [2, { 'blkio.throttle.read_bps_device': '8:0 1048576' }, [['io.max', '8:0 rbps=1048576']]],
    [2, { 'blkio.throttle.write_bps_device': '8:0 0' }, [['io.max', '8:0 wbps=max']]],
    [2, { 'blkio.throttle.read_iops_device': '8:0 5' }, [['io.max', '8:0 riops=5']]],
    [2, { 'blkio.throttle.write_iops_device': '8:0 5' }, [['io.max', '8:0 wiops=5']]],
    [1, { 'io.weight': '50' }, [['blkio.bfq.weight', '50']]],
    [1, { 'io.weight': 'default 5000' }, [['blkio.bfq.weight', '1000']]],
    [1, { 'io.weight': '8:0 200' }, [['blkio.bfq.weight_device', '8:0 200']]],
    [2, { 'blkio.weight': '10' }, [['io.weight', '1']]],
    [2, { 'blkio.weight': '1000' }, [['io.weight', '10000']]],
    [2, { 'blkio.bfq.weight_device': '8:0 7' }, [['io.bfq.weight', '8:0 7']]],
    [2, { 'devices.deny': 'a' }, [['devices.program', 'deny a *:* rwm']]],
    [2, { 'devices.allow': 'c 1:3 rwm' }, [['devices.program', 'allow c 1:3 rwm']]],
    [2, { 'freezer.state': 'FROZEN' }, [['cgroup.freeze', '1']]],
    [1, { 'cgroup.freeze': '0' }, [['freezer.state', 'THAWED']]],
    [1, { 'hugetlb.2MB.max': 'max' }, [['hugetlb.2MB.limit_in_bytes', '-1']]],
    [2, { 'hugetlb.1GB.rsvd.limit_in_bytes': '0' }, [['hugetlb.1GB.rsvd.max', '0']]],
    [1, { 'rdma.max': 'mlx5_0 hca_handle=2' }, [['rdma.max', 'mlx5_0 hca_handle=2']]],
    [1, { 'net_cls.classid': '1048577' }, [['net_cls.classid', '1048577']]],
  ] as const)('on v%i %o is written as %o', (version, keys, writes) => {
    expect(first(version, keys)).toEqual(writes);
  });

  test.each([
    [1, { 'memory.high': '10M' }],
    [1, { 'memory.swap.max': '0' }],
    [1, { 'cpu.weight.nice': '5' }],
    [1, { 'cpu.weight': 'idle' }],
    [2, { 'memory.swappiness': '0' }],
    [2, { 'memory.memsw.limit_in_bytes': '1M', 'memory.limit_in_bytes': '3M' }],
    [2, { 'cpu.rt_runtime_us': '1000' }],
    [1, { 'io.latency': '8:0 target=100' }],
    [1, { 'io.max': '8:0 xbps=1' }],
    [1, { 'io.weight': 'heavy' }],
    [2, { 'blkio.throttle.read_bps_device': '8:0' }],
    [2, { 'devices.allow': 'c 1:3' }],
    [1, { 'devices.rules': 'deny c 1:* rwm, allow c 1:3 rwm' }],
    [2, { 'freezer.state': 'COLD' }],
    [2, { 'memory.oom_control': '1' }],
    [1, { 'memory.oom.group': '1' }],
    [2, { 'net_cls.classid': '1' }],
    [2, { 'net_prio.ifpriomap': 'lo 1' }],
    [2, { 'cpuset.cpu_exclusive': '1' }],
    [1, { 'cpuset.cpus.partition': 'root' }],
    [1, { 'cgroup.max.depth': '3' }],
    [2, { 'cpuacct.usage': '5' }],
  ] as const)('v%i has nothing that means %o', (version, keys) => {
    expect(first(version, keys)).toBeUndefined();
  });

  test('weights survive the way to shares and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (weight) => {
        const shares = first(1, { 'cpu.weight': String(weight) }) as [[string, string]];
        expect(first(2, { 'cpu.shares': shares[0][1] })).toEqual([['cpu.weight', String(weight)]]);
      }),
    );
  });

  test('limits of traffic survive the way to v1 and back', () => {
    const rate = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(rate, rate, rate, rate, (rbps, wbps, riops, wiops) => {
        const value = `8:16 rbps=${rbps} wbps=${wbps} riops=${riops} wiops=${wiops}`;
        const writes = first(1, { 'io.max': value }) as [string, string][];
        const words = writes.map(([file, text]) => (first(2, { [file]: text }) as [[string, string]])[0][1]);
        expect(words).toEqual(
          [`rbps=${rbps}`, `wbps=${wbps}`, `riops=${riops}`, `wiops=${wiops}`].map((w) => `8:16 ${w}`),
        );
      }),
    );
  });

  test('no spelling ever throws, and every file that it names is one that the version can have', () => {
    const keys = controllers.flatMap((one) => Object.keys(one.keys));
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.string(),
        fc.constantFrom(1 as const, 2 as const),
        (key, value, version) => {
          const writes = (first(version, { [key]: value }) ?? []) as [string, string][];
          for (const [file] of writes) {
            expect(file).toMatch(/^[a-z_]+(\.[A-Za-z0-9_]+)+$/);
            // What is spelled for a version needs no translation there.
            const known = keyNamed(file);
            if (known !== undefined) expect(version === 1 ? known.v1 : known.v2).toBeDefined();
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a quota survives the way to v1 and back', () => {
    const microseconds = fc.integer({ min: 1000, max: 1_000_000 }).map(String);
    fc.assert(
      fc.property(microseconds, microseconds, (quota, period) => {
        const writes = first(1, { 'cpu.max': `${quota} ${period}` }) as [string, string][];
        const keys = Object.fromEntries([...writes].reverse());
        expect(first(2, keys)).toEqual([['cpu.max', `${quota} ${period}`]]);
      }),
    );
  });
});
