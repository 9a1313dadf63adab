/** Updates are planned in an order that the kernel takes, and undone when it refuses one. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settingsOf } from '../../settings.js';
import type { GroupDir } from '../group-dir.js';
import { undoOf } from './device-lines.js';
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
    "Can't change pids while the group /c/cpu/x has no part in the controller pids; give it a limit of pids when it is created.",
  );
});

describe('what brings back a file', () => {
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
