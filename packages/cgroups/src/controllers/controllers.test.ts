/** Keys of one version of cgroups in the words of the other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controllerWith } from './index.js';
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
    [1, { 'memory.swap.max': 'max' }, [['memory.memsw.limit_in_bytes', '-1']]],
    [2, { 'memory.memsw.limit_in_bytes': '3M', 'memory.limit_in_bytes': '1M' }, [['memory.swap.max', '2097152']]],
    [1, { 'pids.max': 'max' }, [['pids.max', 'max']]],
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
