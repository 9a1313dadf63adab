/** The counters of a group, as the kernel prints them, in plain numbers. */
import { describe, expect, test } from 'vitest';
import { parseCgroupReport } from './report.js';

function outs(files: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> {
  return new Map(
    Object.entries(files).map(([file, text]) => {
      const bytes = new Uint8Array(512);
      bytes.set(new TextEncoder().encode(text));
      return [file, bytes];
    }),
  );
}

describe('parseCgroupReport', () => {
  test('reads v1', () => {
    const report = parseCgroupReport(
      outs({
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
        'memory.failcnt': '155\n',
        'memory.max_usage_in_bytes': '20971520\n',
        'pids.events': 'max 3\n',
        'pids.peak': '4\n',
        'cpu.stat': 'nr_periods 7\nnr_throttled 5\nthrottled_time 123456789\nnr_bursts 0\nburst_time 0\n',
        'cpuacct.usage_user': '5000000\n',
        'cpuacct.usage_sys': '2000000\n',
      }),
    );
    expect(report).toEqual({
      oomKills: 1,
      memoryLimitHits: 155,
      memoryPeakBytes: 20_971_520,
      pidsLimitHits: 3,
      pidsPeak: 4,
      userMs: 5,
      systemMs: 2,
      throttledPeriods: 5,
      throttledMs: 123.456789,
    });
  });

  test('reads v2', () => {
    const report = parseCgroupReport(
      outs({
        'memory.events': 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 0\n',
        'memory.peak': '1048576\n',
        'pids.events': 'max 0\n',
        'cpu.stat':
          'usage_usec 2500\nuser_usec 1000\nsystem_usec 1500\nnr_periods 1\nnr_throttled 1\nthrottled_usec 900\n',
      }),
    );
    expect(report).toEqual({
      oomKills: 2,
      memoryLimitHits: 12,
      memoryPeakBytes: 1_048_576,
      pidsLimitHits: 0,
      userMs: 1,
      systemMs: 1.5,
      throttledPeriods: 1,
      throttledMs: 0.9,
    });
  });

  test('adds up the traffic of all devices', () => {
    const v1 = '8:0 Read 4096\n8:0 Write 100\n8:0 Sync 4196\n8:16 Read 4\n8:16 Write 1\nTotal 4201\n';
    expect(parseCgroupReport(outs({ 'blkio.throttle.io_service_bytes_recursive': v1 }))).toEqual({
      ioReadBytes: 4100,
      ioWriteBytes: 101,
    });
    const v2 = '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=1 wios=1\n';
    expect(parseCgroupReport(outs({ 'io.stat': v2 }))).toEqual({ ioReadBytes: 11, ioWriteBytes: 22 });
    expect(parseCgroupReport(outs({ 'io.stat': '' }))).toEqual({ ioReadBytes: 0, ioWriteBytes: 0 });
  });

  test('what was not counted is missing, not zero', () => {
    expect(parseCgroupReport(new Map())).toEqual({});
    expect(parseCgroupReport(outs({ 'memory.peak': '' }))).toEqual({});
    expect(parseCgroupReport(outs({ 'memory.peak': 'max\n' }))).toEqual({});
  });
});
