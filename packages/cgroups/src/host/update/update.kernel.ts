/** Updates on the real kernel: in an order that it takes, and undone exactly when something refuses afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import { StateError, orThrow, type HacoError } from '@haco/plan';
import { err, type Result } from 'neverthrow';
import { describeWith } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup, type CreateGroupOptions } from '../create-group.js';
import type { Group } from '../group.js';
import { openGroup } from '../open-group.js';

const groups: Group[] = [];
const name = 'haco-test-changes';

async function make(options: Omit<CreateGroupOptions, 'name'>): Promise<Group> {
  const group = await orThrow(createGroup({ name, ...options }));
  groups.push(group);
  return group;
}

function fileOf({ dirs }: Group, file: string): string | undefined {
  return dirs.map(({ path }) => `${path}/${file}`).find((path) => existsSync(path));
}

function content(group: Group, file: string): string {
  return readFileSync(fileOf(group, file) ?? file, 'utf8').trim();
}

const refuse = (): Result<void, HacoError> =>
  err(new StateError({ what: 'go on', state: 'something afterwards is refused', remedy: 'see that all is as before' }));

const MiB = 2 ** 20;

describeWith(['root', 'controller:cpu', 'controller:memory', 'controller:pids'], 'an update', () => {
  afterEach(async () => {
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('that is refused afterwards leaves the OOM killer as it was', async () => {
    const group = await make({ memory: '64MiB' });
    if (fileOf(group, 'memory.oom_control') === undefined) return;
    const error = (await group.update({ keys: { 'memory.oom_control': 1 } }, { confirm: refuse }))._unsafeUnwrapErr();
    expect(error.cleanup).toEqual([]);
    expect(content(group, 'memory.oom_control')).toMatch(/^oom_kill_disable 0$/m);
  });

  test('that is refused afterwards leaves no device allowed, and none denied', async () => {
    const rules = [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }] as const;
    const group = await make({ resources: { devices: rules } });
    if (fileOf(group, 'devices.list') === undefined) return;
    const before = content(group, 'devices.list');
    for (const devices of [
      [{ allow: true, type: 'c', major: 1, minor: 8, access: 'r' }],
      [{ allow: false, type: 'c', major: 1, minor: 3, access: 'w' }],
      [{ allow: true }],
      [{ allow: false }],
    ] as const) {
      const changed = await group.update({ resources: { devices } }, { confirm: refuse });
      expect(changed._unsafeUnwrapErr().cleanup).toEqual([]);
      expect(content(group, 'devices.list')).toBe(before);
    }
  });

  test('of devices in a group that allows by default is taken back, and says that there may have been more', async () => {
    const group = await make({ resources: { devices: [{ allow: true }] } });
    if (fileOf(group, 'devices.list') === undefined) return;
    const devices = [{ allow: false, type: 'c', major: 1, minor: 8 }] as const;
    const error = (await group.update({ resources: { devices } }, { confirm: refuse }))._unsafeUnwrapErr();
    const path = group.path('devices') ?? '';
    expect(error.cleanup.map(({ message }) => message)).toEqual([
      `Can't put the rules about devices of ${path} back exactly while it allows by default, where the kernel does not list what is denied; give the whole list again, beginning with { allow: false } or { allow: true }.`,
    ]);
  });

  test('of memory keeps the swap, and one of swap the memory', async () => {
    const group = await make({ resources: { memory: { max: '64MiB', swap: '32MiB' } } });
    const both = 'memory.memsw.limit_in_bytes';
    if (fileOf(group, both) === undefined) return;
    await orThrow(group.update({ memory: '128MiB' }));
    expect([content(group, 'memory.limit_in_bytes'), content(group, both)]).toEqual([`${128 * MiB}`, `${160 * MiB}`]);
    await orThrow(group.update({ resources: { memory: { swap: 0 } } }));
    expect(content(group, both)).toBe(`${128 * MiB}`);
    await orThrow(group.update({ memory: '32MiB' }));
    expect([content(group, 'memory.limit_in_bytes'), content(group, both)]).toEqual([`${32 * MiB}`, `${32 * MiB}`]);
  });

  test('of the CPU takes the burst with it, and ends idleness before it gives shares', async () => {
    const group = await make({ resources: { cpu: { percent: 50, burst: '20ms' } } });
    const [burst, idle, weight] = ['cpu.cfs_burst_us', 'cpu.idle', 'cpu.shares'].every((file) => fileOf(group, file))
      ? (['cpu.cfs_burst_us', 'cpu.idle', 'cpu.shares'] as const)
      : (['cpu.max.burst', 'cpu.idle', 'cpu.weight'] as const);
    const changes = await orThrow(group.update({ cpu: 5 }));
    expect(changes.map(({ file, to }) => `${file} ${to}`)[0]).toBe(`${burst} 5000`);
    await orThrow(group.update({ resources: { cpu: { percent: 80, burst: '60ms' } } }));
    expect(content(group, burst)).toBe('60000');
    await orThrow(group.update({ resources: { cpu: { idle: true } } }));
    const refused = await group.update({ resources: { cpu: { idle: false, weight: 50 } } }, { confirm: refuse });
    expect(refused._unsafeUnwrapErr().cleanup).toEqual([]);
    expect(content(group, idle)).toBe('1');
    await orThrow(group.update({ resources: { cpu: { idle: false, weight: 50 } } }));
    expect([content(group, idle), content(group, weight)]).toEqual(['0', weight === 'cpu.shares' ? '512' : '50']);
  });

  test('through another handle waits for its turn', async () => {
    const group = await make({ pids: 9 });
    const [one, other] = [orThrow(openGroup({ container: name })), orThrow(openGroup({ container: name }))];
    const slow = async (): Promise<Result<void, HacoError>> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return refuse();
    };
    const [first, second] = await Promise.all([one.update({ pids: 5 }, { confirm: slow }), other.update({ pids: 7 })]);
    expect(first._unsafeUnwrapErr().cleanup).toEqual([]);
    expect(orThrow(second).find(({ file }) => file === 'pids.max')).toMatchObject({ from: '9', to: '7' });
    expect(content(group, 'pids.max')).toBe('7');
  });
});
