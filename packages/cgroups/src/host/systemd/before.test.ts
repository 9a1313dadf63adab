/** What systemd is told to put back when a change isn't kept. */
import { expect, test } from 'vitest';
import type { CgroupsSection } from '../../section.js';
import { settingsOf } from '../../settings.js';
import { beforeOf } from './before.js';
import { propertiesOf } from './message.js';

/** What is put back after a change of `section`, in a group with these files. */
function before(
  section: CgroupsSection,
  version: 1 | 2,
  files: Readonly<Record<string, string>>,
): { readonly back: readonly string[]; readonly unknown: readonly string[] } {
  const { told, properties } = propertiesOf(settingsOf(section), () => version);
  const found = beforeOf(
    told,
    properties,
    () => version,
    (_controller, file) => files[file],
  );
  return {
    back: found.properties.map(({ name, values }) => `${name}=${values.join(' ')}`),
    unknown: found.unknown,
  };
}

const infinity = '18446744073709551615';

test('a weight of disks is what the kernel reads as the default', () => {
  const files = { 'io.weight': 'default 100\n8:0 300\n' };
  for (const key of ['io.weight', 'blkio.weight']) {
    expect(before({ keys: { [key]: '500' } }, 2, files)).toEqual({ back: ['IOWeight=100'], unknown: [] });
  }
});

test('limits that were asked in the words of v1 are those of the files of v2', () => {
  const keys = { 'memory.limit_in_bytes': '8192', 'cpu.cfs_quota_us': '5000', 'cpu.shares': '2048' };
  const files = { 'memory.max': 'max\n', 'cpu.max': '20000 100000\n', 'cpu.weight': '100\n' };
  expect(before({ keys }, 2, files)).toEqual({
    back: [`MemoryMax=${infinity}`, 'CPUQuotaPerSecUSec=200000', 'CPUWeight=100'],
    unknown: [],
  });
});

test('on v1 they are read from its files, whichever words they were asked in', () => {
  const files = {
    'memory.limit_in_bytes': '9223372036854771712\n',
    'cpu.cfs_quota_us': '50000\n',
    'cpu.cfs_period_us': '100000\n',
    'cpu.shares': '1024\n',
    'pids.max': '9\n',
  };
  const back = [`MemoryMax=${infinity}`, 'CPUQuotaPerSecUSec=500000', 'CPUWeight=100', 'TasksMax=9'];
  const v1 = { 'memory.limit_in_bytes': '8192', 'cpu.cfs_quota_us': '5000', 'cpu.shares': '2', 'pids.max': '7' };
  const v2 = { 'memory.max': '8192', 'cpu.max': '5000 100000', 'cpu.weight': '1', 'pids.max': '7' };
  for (const keys of [v1, v2]) expect(before({ keys }, 1, files)).toEqual({ back, unknown: [] });
});

test('a quota without a limit is put back as that, and its period as that of systemd', () => {
  const change = { keys: { 'cpu.max': '5000 10000' } };
  expect(before(change, 2, { 'cpu.max': 'max 100000\n' }).back).toEqual([
    `CPUQuotaPerSecUSec=${infinity}`,
    `CPUQuotaPeriodUSec=${infinity}`,
  ]);
  expect(before(change, 1, { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' }).back).toEqual([
    `CPUQuotaPerSecUSec=${infinity}`,
    `CPUQuotaPeriodUSec=${infinity}`,
  ]);
});

test('a weight of disks is put back on v1, too', () => {
  const files = { 'blkio.bfq.weight': '200\n' };
  expect(before({ keys: { 'io.weight': '10' } }, 1, files)).toEqual({ back: ['IOWeight=200'], unknown: [] });
});

test('what can not be read is named', () => {
  expect(before({ pids: 7, keys: { 'io.weight': '10' } }, 2, { 'pids.max': '5\n' })).toEqual({
    back: ['TasksMax=5'],
    unknown: ['IOWeight'],
  });
});
