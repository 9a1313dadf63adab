/** What systemd is asked, word for word. */
import { expect, test } from 'vitest';
import { settingsOf } from '../../settings.js';
import { busOption, propertiesOf, setProperties, startScope } from './message.js';

test('limits that systemd has properties for are told to it, the others are for files', () => {
  const settings = settingsOf({ cpu: 50, memory: 4096, pids: 7, keys: { 'cpu.max.burst': '5', 'memory.high': '50%' } });
  const { properties, rest } = propertiesOf(settings);
  expect(properties).toEqual([
    { name: 'CPUQuotaPerSecUSec', signature: 't', values: ['500000'] },
    { name: 'MemoryMax', signature: 't', values: ['4096'] },
    { name: 'TasksMax', signature: 't', values: ['7'] },
  ]);
  expect(rest.map(({ key }) => key)).toEqual(['cpu.max.burst', 'memory.high']);
});

test('limits in the words of v1 are told to it too, each once', () => {
  const keys = {
    'memory.limit_in_bytes': '64M',
    'cpu.cfs_period_us': '10000',
    'cpu.cfs_quota_us': '5000',
    'cpu.shares': '2048',
    'blkio.weight': '1000',
  };
  for (const version of [1, 2] as const) {
    const { properties, rest } = propertiesOf(settingsOf({ memory: 4096, keys }), () => version);
    expect(properties.map(({ name, values }) => `${name}=${values.join(' ')}`)).toEqual([
      'MemoryMax=67108864',
      'CPUQuotaPerSecUSec=500000',
      'CPUQuotaPeriodUSec=10000',
      'CPUWeight=200',
      'IOWeight=10000',
    ]);
    expect(rest).toEqual([]);
  }
});

test('a weight of all devices is told, that of one is for the file', () => {
  const { properties, rest } = propertiesOf(settingsOf({ keys: { 'io.weight': 'default 50' } }));
  expect(properties).toEqual([{ name: 'IOWeight', signature: 't', values: ['50'] }]);
  expect(rest).toEqual([]);
  expect(propertiesOf(settingsOf({ keys: { 'io.weight': '8:0 50' } })).properties).toEqual([]);
});

test('what systemd only keeps on v1 is for files, with the limit that a limit of swap is counted from', () => {
  const settings = settingsOf({ memory: 4096, pids: 7, keys: { 'memory.low': '4096', 'memory.swap.max': '0' } });
  const { properties, rest } = propertiesOf(settings, () => 1);
  expect(properties.map(({ name }) => name)).toEqual(['MemoryMax', 'TasksMax']);
  expect(rest.map(({ key }) => key)).toEqual(['memory.max', 'memory.low', 'memory.swap.max']);
});

test('a period alone leaves the quota of v1 as it is', () => {
  const { properties, rest } = propertiesOf(settingsOf({ keys: { 'cpu.cfs_period_us': '10000' } }), () => 1);
  expect(properties).toEqual([]);
  expect(rest.map(({ key }) => key)).toEqual(['cpu.cfs_period_us']);
});

test('no limit is the largest number', () => {
  const { properties } = propertiesOf(settingsOf({ keys: { 'memory.max': 'max', 'cpu.max': 'max 100000' } }));
  expect(properties.map(({ values }) => values)).toEqual([['18446744073709551615'], ['18446744073709551615']]);
});

test('sizes may have the suffixes of the kernel: a file that systemd has a property for would be written over', () => {
  const { properties, rest } = propertiesOf(settingsOf({ keys: { 'memory.high': '50M', 'memory.low': '4k' } }));
  expect(properties.map(({ values }) => values)).toEqual([['52428800'], ['4096']]);
  expect(rest).toEqual([]);
});

test('a quota of another period keeps it', () => {
  const { properties } = propertiesOf(settingsOf({ keys: { 'cpu.max': '5000 10000' } }));
  expect(properties).toEqual([
    { name: 'CPUQuotaPerSecUSec', signature: 't', values: ['500000'] },
    { name: 'CPUQuotaPeriodUSec', signature: 't', values: ['10000'] },
  ]);
});

test('a scope is started around a process, delegated', () => {
  const args = startScope({
    bus: '--system',
    unit: 'haco-x.scope',
    pid: 42,
    slice: 'machine.slice',
    description: 'haco group x',
    properties: [{ name: 'TasksMax', signature: 't', values: ['7'] }],
  });
  expect(args.join(' ')).toBe(
    '--system call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager StartTransientUnit ' +
      'ssa(sv)a(sa(sv)) haco-x.scope fail 10 Description s haco group x Slice s machine.slice PIDs au 1 42 Delegate b true ' +
      'CollectMode s inactive-or-failed CPUAccounting b true MemoryAccounting b true TasksAccounting b true ' +
      'IOAccounting b true TasksMax t 7 0',
  );
});

test('limits of a running unit are changed until it ends', () => {
  const args = setProperties('--user', 'haco-x.scope', [{ name: 'TasksMax', signature: 't', values: ['7'] }]);
  expect(args.slice(-7)).toEqual(['sba(sv)', 'haco-x.scope', 'true', '1', 'TasksMax', 't', '7']);
});

test('root talks to the system, users to their session', () => {
  expect([busOption(0), busOption(1000)]).toEqual(['--system', '--user']);
});
