/** What snapshots make of the kernel's texts. */
import { describe, expect, test } from 'vitest';
import { cpuStats } from './cpu.js';
import { hugetlbStats } from './hugetlb.js';
import { ioStats } from './io.js';
import { memoryStats } from './memory.js';
import { pidsStats } from './pids.js';
import { pressureStats } from './pressure.js';
import { assigned, field, limitOf, numberAt } from './text.js';

const files = (texts: Readonly<Record<string, string>>) => (file: string) => texts[file];

describe('texts of the kernel', () => {
  test('a field is found at the beginning of a line only', () => {
    expect(field('inactive_file 1\nfile 2\n', 'file')).toBe(2);
    expect(field('file_mapped 1\n', 'file')).toBeUndefined();
    expect(field('oom_kill_disable 0\nunder_oom 0\noom_kill 3\n', 'oom_kill')).toBe(3);
    expect(field(undefined, 'file')).toBeUndefined();
    expect(field('file max\n', 'file')).toBeUndefined();
  });

  test('numbers of 2^53 and more stay near what they are', () => {
    expect(numberAt('9223372036854771712\n', 0)).toBeCloseTo(2 ** 63, -5);
    expect(limitOf('9223372036854771712\n')).toBe('max');
    expect(limitOf('max\n')).toBe('max');
    expect(limitOf('-1\n')).toBe('max');
    expect(limitOf('4096\n')).toBe(4096);
    expect(limitOf('')).toBeUndefined();
  });

  test('decimals have two digits', () => {
    expect(assigned('some avg10=12.05 avg60=0.50', 'avg10')).toBeCloseTo(12.05);
    expect(assigned('some avg10=12.05 avg60=0.50', 'avg60')).toBeCloseTo(0.5);
    expect(assigned('some avg10=0.00', 'avg300')).toBeUndefined();
  });
});

describe('cpu', () => {
  test('v1 has times in nanoseconds, in files of cpuacct', () => {
    const read = files({
      'cpu.stat': 'nr_periods 10\nnr_throttled 4\nthrottled_time 2500000\nnr_bursts 1\nburst_time 1000000\n',

      'cpuacct.usage_user': '20000000\n',
      'cpuacct.usage_sys': '10000000\n',
    });
    expect(cpuStats(read)).toEqual({
      usageMs: 30,
      userMs: 20,
      systemMs: 10,
      periods: 10,
      throttledPeriods: 4,
      throttledMs: 2.5,
      bursts: 1,
      burstMs: 1,
    });
  });

  test('v2 has times in microseconds, all in one file', () => {
    const text =
      'usage_usec 1364720\nuser_usec 1361687\nsystem_usec 3033\nnice_usec 0\nnr_periods 5\nnr_throttled 2\nthrottled_usec 1500\n';
    expect(cpuStats(files({ 'cpu.stat': text }))).toEqual({
      usageMs: 1364.72,
      userMs: 1361.687,
      systemMs: 3.033,
      periods: 5,
      throttledPeriods: 2,
      throttledMs: 1.5,
    });
  });

  test('without the controller v2 counts the times only', () => {
    const text = 'usage_usec 2000\nuser_usec 1000\nsystem_usec 1000\n';
    expect(cpuStats(files({ 'cpu.stat': text }))).toEqual({ usageMs: 2, userMs: 1, systemMs: 1 });
  });
});

describe('counters of v1', () => {
  const nested = (file: string): readonly string[] =>
    ({
      'memory.failcnt': ['2\n', '0\n'],
      'memory.oom_control': ['oom_kill_disable 0\nunder_oom 0\noom_kill 3\n', ''],
      'pids.events': ['max 4\n', 'max 1\n'],
      'hugetlb.2MB.failcnt': ['5\n'],
    })[file] ?? [];

  test('have those of the groups below added, where the group has one itself', () => {
    const own = files({
      'memory.failcnt': '1\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
      'pids.events': 'max 1\n',
      'hugetlb.2MB.failcnt': '1\n',
    });
    expect(memoryStats(own, 1, nested).events).toEqual({ max: 3, oomKills: 4 });
    expect(pidsStats(own, nested)).toEqual({ limitHits: 6 });
    expect(hugetlbStats(own, 1, ['2MB'], nested)).toEqual([{ pageSize: '2MB', limitHits: 6 }]);
    expect(memoryStats(files({}), 1, nested).events).toEqual({});
  });
});

describe('memory', () => {
  test('v1', () => {
    const read = files({
      'memory.usage_in_bytes': '8192\n',
      'memory.max_usage_in_bytes': '16384\n',
      'memory.limit_in_bytes': '65536\n',
      'memory.failcnt': '7\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
      'memory.kmem.usage_in_bytes': '4096\n',
      'memory.stat':
        'cache 1\nrss 2\npgfault 3\nhierarchical_memory_limit 65536\ntotal_cache 10\ntotal_rss 20\ntotal_swap 5\ntotal_pgfault 30\n',
    });
    expect(memoryStats(read, 1)).toEqual({
      currentBytes: 8192,
      peakBytes: 16384,
      maxBytes: 65536,
      swapBytes: 5,
      stat: { anonBytes: 20, fileBytes: 10, kernelBytes: 4096, pageFaults: 30 },
      events: { max: 7, oomKills: 2 },
    });
  });

  test('v1 without swap accounting in memory.stat takes the difference', () => {
    const read = files({ 'memory.usage_in_bytes': '8192\n', 'memory.memsw.usage_in_bytes': '10240\n' });
    expect(memoryStats(read, 1).swapBytes).toBe(2048);
  });

  test('v2', () => {
    const read = files({
      'memory.current': '8192\n',
      'memory.peak': '9000\n',
      'memory.max': 'max\n',
      'memory.swap.current': '0\n',
      'memory.swap.max': '1024\n',
      'memory.stat':
        'anon 100\nfile 200\nkernel 50\nkernel_stack 1\npagetables 2\nsock 3\nshmem 4\nfile_mapped 5\nfile_dirty 6\nfile_writeback 7\ninactive_anon 8\ninactive_file 9\nslab 11\npgfault 12\npgmajfault 13\n',
      'memory.events': 'low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 0\n',
    });
    expect(memoryStats(read, 2)).toEqual({
      currentBytes: 8192,
      peakBytes: 9000,
      maxBytes: 'max',
      swapBytes: 0,
      swapMaxBytes: 1024,
      stat: {
        anonBytes: 100,
        fileBytes: 200,
        kernelBytes: 50,
        kernelStackBytes: 1,
        pageTablesBytes: 2,
        slabBytes: 11,
        socketBytes: 3,
        shmemBytes: 4,
        mappedFileBytes: 5,
        dirtyBytes: 6,
        writebackBytes: 7,
        inactiveFileBytes: 9,
        pageFaults: 12,
        majorPageFaults: 13,
      },
      events: { low: 1, high: 2, max: 3, oom: 4, oomKills: 5 },
    });
  });
});

test('pids: an older kernel has no peak', () => {
  expect(pidsStats(files({ 'pids.current': '3\n', 'pids.max': 'max\n', 'pids.events': 'max 2\n' }))).toEqual({
    current: 3,
    max: 'max',
    limitHits: 2,
  });
});

describe('io', () => {
  const disk = {
    device: '8:0',
    readBytes: 10,
    writeBytes: 20,
    readOps: 1,
    writeOps: 2,
    discardBytes: 0,
    discardOps: 0,
  };

  test('v1: a line for each device and kind', () => {
    const read = files({
      'blkio.throttle.io_service_bytes_recursive': '8:0 Read 10\n8:0 Write 20\n8:0 Sync 0\n8:0 Total 30\nTotal 30\n',
      'blkio.throttle.io_serviced_recursive': '8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n',
    });
    expect(ioStats(read, 1)).toEqual({ devices: [disk], readBytes: 10, writeBytes: 20 });
    expect(ioStats(files({ 'blkio.throttle.io_service_bytes_recursive': 'Total 0\n' }), 1)?.devices).toEqual([]);
  });

  test('v2: a line for each device; one without counters is left out', () => {
    const text = '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n253:0 \n';
    expect(ioStats(files({ 'io.stat': text }), 2)).toEqual({ devices: [disk], readBytes: 10, writeBytes: 20 });
    expect(ioStats(files({}), 2)).toBeUndefined();
  });
});

test('pressure: cpu of older kernels has no full line', () => {
  const some = 'some avg10=1.50 avg60=0.25 avg300=0.00 total=3759\n';
  const full = 'full avg10=25.15 avg60=4.92 avg300=1.04 total=3114412\n';
  expect(pressureStats(files({ 'cpu.pressure': some, 'memory.pressure': some + full }))).toEqual({
    cpu: { some: { avg10: 1.5, avg60: 0.25, avg300: 0, totalMs: 3.759 } },
    memory: {
      some: { avg10: 1.5, avg60: 0.25, avg300: 0, totalMs: 3.759 },
      full: { avg10: 25.15, avg60: 4.92, avg300: 1.04, totalMs: 3114.412 },
    },
  });
  expect(pressureStats(files({}))).toBeUndefined();
});

test('hugetlb by page size', () => {
  const v2 = files({ 'hugetlb.2MB.current': '0\n', 'hugetlb.2MB.max': 'max\n', 'hugetlb.2MB.events': 'max 1\n' });
  expect(hugetlbStats(v2, 2, ['2MB'])).toEqual([{ pageSize: '2MB', currentBytes: 0, maxBytes: 'max', limitHits: 1 }]);
});
