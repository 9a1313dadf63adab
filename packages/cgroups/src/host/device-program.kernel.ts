/** Rules about devices of v2 groups that live: set, replaced while processes run, and put back. */
import { spawn } from 'node:child_process';
import { haco } from '@haco/core';
import { orThrow } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rulesText } from '../controllers/device-rules.js';
import { createGroup } from './create-group.js';
import { changeDevices } from './device-program.js';
import type { Group } from './group.js';

const nothing = { allow: false } as const;
const onlyNull = [nothing, { allow: true, type: 'c', major: 1, minor: 3 }] as const;
const onlyZero = [nothing, { allow: true, type: 'c', major: 1, minor: 5 }] as const;

/** Rules as the program takes them. */
function text(...minors: readonly number[]): string {
  const everything = { allow: false, type: 'a', major: undefined, minor: undefined, access: 7 } as const;
  return rulesText([
    everything,
    ...minors.map((minor) => ({ ...everything, allow: true, type: 'c', major: 1, minor }) as const),
  ]);
}

/** Which of /dev/null and /dev/zero a process of the group may open. */
async function allowed(group: Group): Promise<string> {
  const script = 'read go; for one in null zero; do (: < /dev/$one) 2>&- && echo $one; done; :';
  const child = spawn('/bin/sh', ['-c', script]);
  await orThrow(group.add(child.pid ?? 0));
  child.stdin.end('go\n');
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return output.trim().replace('\n', ' ');
}

describeWith(['root', 'cgroup2'], 'the program about devices of a v2 group', () => {
  let group: Group;
  beforeEach(async () => (group = await orThrow(createGroup({ name: 'haco-test-devices', controllers: [] }))));
  afterEach(() => orThrow(group.remove({ kill: true })));
  const path = (): string => group.dirs.find(({ version }) => version === 2)?.path ?? '';

  test('holds, is replaced by a later one, and can be put back', async () => {
    expect(await allowed(group)).toBe('null zero');
    changeDevices(path(), text(3))._unsafeUnwrap().keep();
    expect(await allowed(group)).toBe('null');
    const change = changeDevices(path(), text(5))._unsafeUnwrap();
    expect(await allowed(group)).toBe('zero');
    expect(change.putBack()).toBeUndefined();
    expect(await allowed(group)).toBe('null');
    changeDevices(path(), text(3, 5))._unsafeUnwrap().keep();
    expect(await allowed(group)).toBe('null zero');
  });

  test('that is the first one goes again when it is put back', async () => {
    expect(changeDevices(path(), text())._unsafeUnwrap().putBack()).toBeUndefined();
    expect(await allowed(group)).toBe('null zero');
  });

  test('is not added to: the whole list is wanted', () => {
    changeDevices(path(), text(3))._unsafeUnwrap().keep();
    expect(changeDevices(path(), 'allow c 1:5 rwm')._unsafeUnwrapErr().message).toBe(
      `Can't add rules about devices to ${path()} while it has others already, which a new program replaces; give the whole list, beginning with one rule for all devices, { allow: false } or { allow: true }.`,
    );
  });

  test('of a group that is gone is an error that says so', () => {
    const error = changeDevices(`${path()}-gone`, text())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'not-found', subject: `${path()}-gone` });
  });
});

describeWith(['root', 'pure-cgroup2'], 'rules about devices on v2', () => {
  test('of a group of its own hold, and change while it lives, all or none', async () => {
    const group = await orThrow(createGroup({ name: 'haco-test-rules', pids: 20, resources: { devices: onlyNull } }));
    try {
      expect(group.enforced).toEqual({ pids: 'enforced', devices: 'enforced' });
      expect(await allowed(group)).toBe('null');
      await orThrow(group.update({ resources: { devices: onlyZero } }));
      expect(await allowed(group)).toBe('zero');
      const refused = await group.update({ resources: { devices: onlyNull }, keys: { 'pids.max': 'many' } });
      expect(refused._unsafeUnwrapErr()).toMatchObject({ kind: 'syscall', errno: 'EINVAL', cleanup: [] });
      expect(await allowed(group)).toBe('zero');
    } finally {
      await orThrow(group.remove({ kill: true }));
    }
  });

  test('of a container change while it runs, and stay when a later change is refused', async () => {
    const script = 'while read go; do (: < /dev/zero) 2>&- && echo yes || echo no; done';
    await using container = await orThrow(haco().resources({ devices: onlyNull }).sh(script).start());
    const ask = async (): Promise<string> => {
      const answer = new Promise<string>((resolve) =>
        container.stdout?.once('data', (data: Buffer) => resolve(String(data))),
      );
      container.stdin?.write('go\n');
      return (await answer).trim();
    };
    expect(await ask()).toBe('no');
    await orThrow(container.update({ resources: { devices: onlyZero } }));
    expect(await ask()).toBe('yes');
    const refused = await container.update({ resources: { devices: onlyNull }, rlimits: { nofile: 2 ** 40 } });
    expect(refused._unsafeUnwrapErr()).toMatchObject({ kind: 'permission', cleanup: [] });
    expect(await ask()).toBe('yes');
  });
});

describeWith(['root', 'controller:memory', 'controller:pids'], 'limits of a group that may be left out', () => {
  test('are, and the group says which', async () => {
    const asked = { pids: 9, memory: '64MiB', keys: { 'memory.haco_unknown': 1, 'pids.haco_unknown': 1 } } as const;
    const name = 'haco-test-degrade';
    const error = (await createGroup({ name, ...asked }))._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'syscall', errno: 'ENOENT' });
    const one = await createGroup({ name, ...asked, degrade: ['memory.haco_unknown'] });
    expect(one._unsafeUnwrapErr().message).toContain('pids.haco_unknown');
    const group = await orThrow(createGroup({ name, ...asked, degrade: true }));
    expect(group.enforced).toEqual({
      pids: 'enforced',
      memory: 'enforced',
      'memory.haco_unknown': 'refused',
      'pids.haco_unknown': 'refused',
    });
    const child = await orThrow(
      group.child('inner', { keys: { 'rdma.max': 'mlx hca_object=1' }, pids: 3, degrade: true }),
    );
    expect(child.enforced).toEqual({ pids: 'enforced', 'rdma.max': 'refused' });
    await orThrow(group.remove());
  });

  test('must be limits that are asked for', async () => {
    const error = (await createGroup({ name: 'x', pids: 3, degrade: ['cpu'] }))._unsafeUnwrapErr();
    expect(error.message).toBe('The spec is invalid: degrade[0]: "cpu" is no limit that is asked for here.');
  });
});
