/** Updates are planned in an order that the kernel takes, and undone when it refuses one. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StateError, type HacoError } from '@haco/plan';
import { err, type Result } from 'neverthrow';
import type { CgroupsSection } from '../../section.js';
import { settingsOf } from '../../settings.js';
import type { GroupDir } from '../group-dir.js';
import { partOf, undoOf } from './undo-form.js';
import { undoOfRule } from './device-undo.js';
import { planUpdate } from './plan-update.js';
import { updateGroup } from './update-group.js';

const v1: readonly GroupDir[] = [
  { version: 1, path: '/c/cpu/x', controllers: ['cpu', 'cpuacct'] },
  { version: 1, path: '/c/memory/x', controllers: ['memory'] },
];

function files(keys: Readonly<Record<string, string>>, old: Readonly<Record<string, string>>): readonly string[] {
  const plan = planUpdate(v1, settingsOf({ keys }), (path) => old[path.replace(/.*\//, '')]);
  return plan._unsafeUnwrap().map(({ file, value }) => `${file}=${value}`);
}

describe('order of writes on v1', () => {
  const old = { 'memory.limit_in_bytes': '1000000', 'memory.memsw.limit_in_bytes': '2000000' };

  test('limits that grow beyond the common one raise that first', () => {
    const keys = { 'memory.limit_in_bytes': '3000000', 'memory.memsw.limit_in_bytes': '4000000' };
    expect(files(keys, old)).toEqual(['memory.memsw.limit_in_bytes=4000000', 'memory.limit_in_bytes=3000000']);
  });

  test('limits that shrink lower the common one last', () => {
    const keys = { 'memory.limit_in_bytes': '500000', 'memory.memsw.limit_in_bytes': '500000' };
    expect(files(keys, old)).toEqual(['memory.limit_in_bytes=500000', 'memory.memsw.limit_in_bytes=500000']);
  });

  test('no limit at all raises the common one first', () => {
    const keys = { 'memory.limit_in_bytes': '-1', 'memory.memsw.limit_in_bytes': '-1' };
    expect(files(keys, old)).toEqual(['memory.memsw.limit_in_bytes=-1', 'memory.limit_in_bytes=-1']);
  });

  test('what can not be read is written last', () => {
    const keys = { 'cpu.cfs_quota_us': '1000', 'memory.limit_in_bytes': '500000' };
    expect(files(keys, { 'memory.limit_in_bytes': '1' })).toEqual([
      'memory.limit_in_bytes=500000',
      'cpu.cfs_quota_us=1000',
    ]);
  });
});

test('a controller that the group has no part in is refused before anything is written', () => {
  const error = planUpdate(v1, settingsOf({ pids: 3 }), () => undefined)._unsafeUnwrapErr();
  expect(error.message).toBe(
    'Can\'t change pids while the group /c/cpu/x has no part in the controller pids; start the container with .cgroup("pids.max", "max"), which limits nothing yet, or create the group with controllers: ["pids"].',
  );
});

test('a controller of which no limit says "none" in both versions has its remedy too', () => {
  const error = planUpdate(v1, settingsOf({ keys: { 'io.weight': '50' } }), () => undefined)._unsafeUnwrapErr();
  expect(error.message).toMatch(
    /; start the container with a limit of io, or create the group with controllers: \["io"\]\.$/,
  );
});

describe('limits that bound each other', () => {
  const update = (section: CgroupsSection, old: Readonly<Record<string, string>>, dirs = v1): readonly string[] =>
    planUpdate(dirs, settingsOf(section), (path) => old[path.replace(/.*\//, '')])
      ._unsafeUnwrap()
      .map(({ file, value }) => `${file}=${value}`);
  const v2: readonly GroupDir[] = [{ version: 2, path: '/c/x', controllers: ['cpu', 'memory'] }];
  const quota = { 'cpu.cfs_quota_us': '50000', 'cpu.cfs_burst_us': '20000', 'cpu.shares': '3', 'cpu.idle': '1' };

  test('a burst shrinks with the quota, before it', () => {
    expect(update({ cpu: 5 }, quota)).toEqual(['cpu.cfs_burst_us=5000', 'cpu.cfs_quota_us=5000']);
    const old = { 'cpu.max': '50000 100000', 'cpu.max.burst': '20000' };
    expect(update({ cpu: 5 }, old, v2)).toEqual(['cpu.max.burst=5000', 'cpu.max=5000 100000']);
    expect(update({ cpu: 30 }, quota)).toEqual(['cpu.cfs_quota_us=30000']);
  });

  test('a burst that is given goes first when it shrinks, last when it grows', () => {
    const both = (cpu: number, burst: number): readonly string[] =>
      update({ cpu, resources: { cpu: { burst } } }, quota);
    expect(both(10, 5)).toEqual(['cpu.cfs_burst_us=5000', 'cpu.cfs_quota_us=10000']);
    expect(both(80, 60)).toEqual(['cpu.cfs_quota_us=80000', 'cpu.cfs_burst_us=60000']);
  });

  test('a group that is no longer idle is told so before it gets shares', () => {
    expect(update({ resources: { cpu: { idle: false, weight: 50 } } }, quota)).toEqual([
      'cpu.idle=0',
      'cpu.shares=512',
    ]);
  });

  test('on v1 the swap of a group stays when its memory changes, and the memory when its swap changes', () => {
    const old = { 'memory.limit_in_bytes': String(64 * 2 ** 20), 'memory.memsw.limit_in_bytes': String(96 * 2 ** 20) };
    expect(update({ memory: 128 * 2 ** 20 }, old)).toEqual([
      `memory.memsw.limit_in_bytes=${String(160 * 2 ** 20)}`,
      `memory.limit_in_bytes=${String(128 * 2 ** 20)}`,
    ]);
    expect(update({ resources: { memory: { swap: 0 } } }, old)).toEqual([
      `memory.memsw.limit_in_bytes=${String(64 * 2 ** 20)}`,
    ]);
  });

  test('on v1 a group whose swap has no limit gets none with its memory', () => {
    const old = { 'memory.limit_in_bytes': '4096', 'memory.memsw.limit_in_bytes': '9223372036854771712' };
    expect(update({ memory: 8192 }, old)).toEqual(['memory.limit_in_bytes=8192']);
  });
});

describe('what brings back a file', () => {
  test.each([
    ['memory.oom_control', '1', 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n', '0'],
    ['net_prio.ifpriomap', 'eth0 5', 'lo 0\neth0 2\n', 'eth0 2'],
    ['net_prio.ifpriomap', 'eth9 5', 'lo 0\n', 'eth9 0'],
    ['cpuset.cpus', '0-1', '\n', '\n'],
    ['cpuset.cpus.partition', 'member', 'root invalid (Parent is not a partition root)\n', 'root'],
    ['freezer.state', 'THAWED', 'FREEZING\n', 'FROZEN'],
    ['io.weight', '200', 'default 100\n8:0 50\n', 'default 100'],
    ['io.weight', '8:0 200', 'default 100\n8:0 50\n', '8:0 50'],
    ['io.bfq.weight', 'default 7', 'default 100\n', 'default 100'],
  ])('%s after a write of %j takes what it held in the form that it takes', (file, value, old, expected) => {
    expect(undoOf(file, value, old)).toBe(expected);
  });

  test("counters that move by themselves are nobody else's write", () => {
    const at = (kills: number): string | undefined =>
      partOf('memory.oom_control', '1', `oom_kill_disable 1\nunder_oom 0\noom_kill ${String(kills)}\n`);
    expect(at(0)).toBe(at(7));
  });

  test('most files take what they held', () => {
    expect(undoOf('cpu.max', '1000 100000', 'max 100000\n')).toBe('max 100000');
  });

  test('a device gets back its own line, or none', () => {
    const old = '8:0 rbps=1024 wbps=max riops=max wiops=max\n8:16 rbps=1 wbps=max riops=max wiops=max\n';
    expect(undoOf('io.max', '8:0 rbps=2048', old)).toBe('8:0 rbps=1024 wbps=max riops=max wiops=max');
    expect(undoOf('io.max', '9:0 rbps=2048', old)).toBe('9:0 rbps=max wbps=max riops=max wiops=max');
    expect(undoOf('blkio.throttle.read_bps_device', '8:0 2048', '')).toBe('8:0 0');
  });
});

describe('rules about devices on v1', () => {
  const undo = (file: string, value: string, before: string, after: string): readonly string[] =>
    undoOfRule({ file, value, before, after }).writes.map(([name, text]) => `${name}=${text}`);
  const few = 'c 1:3 rwm\nc 1:5 r\n';

  test('are taken back by what the list said before', () => {
    expect(undo('devices.allow', 'c 1:8 rw', few, `${few}c 1:8 rw\n`)).toEqual(['devices.deny=c 1:8 rw']);
    expect(undo('devices.allow', 'c 1:5 rw', few, 'c 1:3 rwm\nc 1:5 rw\n')).toEqual(['devices.deny=c 1:5 w']);
    expect(undo('devices.deny', 'c 1:3 wm', few, 'c 1:3 r\nc 1:5 r\n')).toEqual(['devices.allow=c 1:3 wm']);
    expect(undo('devices.deny', 'a', few, '')).toEqual(['devices.allow=c 1:3 rwm', 'devices.allow=c 1:5 r']);
    expect(undo('devices.allow', 'a', few, 'a *:* rwm\n')).toEqual([
      'devices.deny=a',
      'devices.allow=c 1:3 rwm',
      'devices.allow=c 1:5 r',
    ]);
  });

  test('of a group that allows by default are taken back by their opposite, which may be more than there was', () => {
    const all = 'a *:* rwm\n';
    const rule = { file: 'devices.deny', value: 'c 1:3 rw', before: all, after: all };
    expect(undoOfRule(rule)).toEqual({ writes: [['devices.allow', 'c 1:3 rw']], isExact: false });
  });
});

describe('all or nothing', () => {
  let root = '';
  const dirs = (): readonly GroupDir[] => [{ version: 2, path: root, controllers: ['cpu', 'memory', 'pids'] }];
  const content = (file: string): string => readFileSync(`${root}/${file}`, 'utf8');

  beforeEach(() => {
    root = mkdtempSync(`${tmpdir()}/haco-update-`);
    writeFileSync(`${root}/cpu.max`, 'max 100000\n');
    writeFileSync(`${root}/pids.max`, '00000000099\n');
    writeFileSync(`${root}/memory.max`, '4096\n');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  test('what changed is told with its old and new value', async () => {
    const update = await updateGroup(dirs(), { keys: { 'pids.max': '12345678901' } });
    expect(update._unsafeUnwrap()).toMatchObject([{ file: 'pids.max', from: '00000000099', to: '12345678901' }]);
  });

  test('a refused write puts back those before it, and the error names file, old and new value', async () => {
    // A directory refuses writes as a kernel file refuses values.
    rmSync(`${root}/pids.max`);
    mkdirSync(`${root}/pids.max`);
    const error = (await updateGroup(dirs(), { cpu: 50, pids: 7 }))._unsafeUnwrapErr();
    expect(error.message).toContain(`write "7" to ${root}/pids.max`);
    expect(error.message).toContain('EISDIR');
    expect(content('cpu.max').startsWith('max 100000')).toBe(true);
  });

  test('what somebody else has written meanwhile stays, and is told', async () => {
    const refuse = async (): Promise<Result<void, HacoError>> => {
      writeFileSync(`${root}/pids.max`, '77777777777\n');
      return Promise.resolve(err(new StateError({ what: 'go on', state: 'refused', remedy: 'stop' })));
    };
    const update = { keys: { 'pids.max': '12345678901', 'memory.high': '1' } };
    writeFileSync(`${root}/memory.high`, '9\n');
    const error = (await updateGroup(dirs(), update, { confirm: refuse }))._unsafeUnwrapErr();
    expect(content('pids.max')).toBe('77777777777\n');
    expect(content('memory.high').trim()).toBe('9');
    expect(error.cleanup.map(({ message }) => message)).toEqual([
      `Can't put ${root}/pids.max back while somebody else has changed it meanwhile, to "77777777777"; look whether that is what you want.`,
    ]);
  });

  test('changes through two handles are made one after the other', async () => {
    const refuse = async (): Promise<Result<void, HacoError>> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return err(new StateError({ what: 'go on', state: 'refused', remedy: 'stop' }));
    };
    const [first, second] = await Promise.all([
      updateGroup(dirs(), { keys: { 'pids.max': '11111111111' } }, { confirm: refuse }),
      updateGroup(dirs(), { keys: { 'pids.max': '22222222222' } }),
    ]);
    expect(first._unsafeUnwrapErr().cleanup).toEqual([]);
    expect(second._unsafeUnwrap()).toMatchObject([{ from: '00000000099', to: '22222222222' }]);
    expect(content('pids.max').trim()).toBe('22222222222');
  });

  test('a limit below what is in use is refused on v2, where the kernel would kill', async () => {
    writeFileSync(`${root}/memory.max`, 'max\n');
    writeFileSync(`${root}/memory.current`, '1048576\n');
    const error = (await updateGroup(dirs(), { memory: 4096 }))._unsafeUnwrapErr();
    expect(error.message).toBe(
      `Can't lower ${root}/memory.max to 4 KiB while the group uses 1 MiB that the kernel could not reclaim; raise the limit, stop processes first, or allow the kernel to kill some with allowOomKill: true.`,
    );
    expect(content('memory.max')).toBe('max\n');
    expect((await updateGroup(dirs(), { memory: 4096 }, { allowOomKill: true })).isOk()).toBe(true);
  });
});
