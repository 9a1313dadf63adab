/** What a caller in plain JavaScript may give by mistake: an error that names it, never an exception, and nothing is done. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { probeHost } from '@haco/sys';
import { orThrow, type HacoError } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup } from './create-group.js';
import { ownDirs } from './group-dir.js';
import type { Group } from './group.js';
import { membership } from './membership.js';
import { openGroup } from './open-group.js';

let group: Group | undefined;

async function make(): Promise<Group> {
  group = await orThrow(createGroup({ name: 'haco-test-arguments', pids: 9 }));
  return group;
}

const wrong = [0, -1, Number.NaN, 1.5, '1', null, undefined, {}] as never[];

describeWith(['root', 'controller:pids'], 'arguments', () => {
  afterEach(async () => {
    void (await group?.remove({ kill: true }));
    group = undefined;
  });

  test('that are no process move nobody, and this one least of all', async () => {
    const one = await make();
    const other = await orThrow(one.child('other'));
    const before = membership(process.pid, ownDirs(probeHost()));
    for (const pid of wrong) {
      for (const result of [
        await one.add(pid),
        await one.addTree(pid),
        await one.addThread(pid),
        await one.move(pid, other),
      ]) {
        expect(result._unsafeUnwrapErr().kind).toBe('invalid-spec');
      }
    }
    expect((await one.add(0))._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: pid: 0 is not the number of a process; give a whole number above 0, for this process itself process.pid.',
    );
    expect(membership(process.pid, ownDirs(probeHost()))).toEqual(before);
    expect(one.pids({ tree: true })).toEqual([]);
  });

  test('that are no process make no group', async () => {
    await expectNothingLeft(async () => {
      const before = membership(process.pid, ownDirs(probeHost()));
      for (const pid of [0, -1, Number.NaN, '1'] as never[]) {
        const made = await createGroup({ name: 'haco-test-arguments', pids: 9, pid });
        expect(made._unsafeUnwrapErr()).toMatchObject({ kind: 'invalid-spec', issues: [{ path: 'pid' }] });
      }
      expect(membership(process.pid, ownDirs(probeHost()))).toEqual(before);
    });
  });

  const limits = 'cpu, memory, pids, resources, keys';
  test.each([
    [{}, 'name: undefined is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit'],
    [null, 'options: null is not an object'],
    [[], 'options: a list is not an object'],
    [
      { name: 'x', memroy: 1 },
      `memroy: is not known here; there are name, driver, pid, slice, ${limits}, controllers, moveSelfToLeaf, degrade`,
    ],
    [{ name: 'x', driver: 'bogus' }, 'driver: "bogus" is none of "cgroupfs", "systemd"'],
    [{ name: 'x', controllers: 'cpu' }, 'controllers: must be a list of controllers'],
    [{ name: 'x', degrade: 'x' }, 'degrade: must be true, false, or a list of names of limits'],
    [{ name: 'x', degrade: ['cpu'] }, 'degrade[0]: "cpu" is no limit that is asked for here'],
    [{ name: 'x', keys: null }, 'keys: must be an object'],
    [
      { name: 'x', keys: { 'pids.max': {} } },
      `keys["pids.max"]: an object can't be written to a file; give text, a number, true or false`,
    ],
    [{ name: 'x', memory: {} }, 'memory: an object is not a size; write a number of bytes or e.g. "256MiB"'],
    [{ name: 'haco-self' }, 'name: "haco-self" is the group that moveSelfToLeaf() makes; choose another name'],
  ])('of createGroup: %j', async (options, message) => {
    const made = await createGroup(options as never);
    expect(made._unsafeUnwrapErr().message).toBe(`The spec is invalid: ${message}.`);
  });

  test('of createGroup: a controller that nobody knows, with those that there are', async () => {
    const made = await createGroup({ name: 'x', controllers: ['pids', 'nope'] });
    expect(made._unsafeUnwrapErr().message).toMatch(
      /^The spec is invalid: controllers: "nope" is no controller; the controllers are blkio, cpu, cpuacct, /,
    );
  });

  test.each([
    [{ path: 5 }, 'path: must be a string'],
    [null, 'options: null is not an object'],
    [{}, 'options: say which group by one of path, pid, container'],
    [{ pid: 0 }, /^pid: 0 is not the number of a process; /],
    [{ contianer: 'x' }, 'contianer: is not known here; there are path, pid, container'],
    [{ container: 5 }, /^container: 5 is not a name; /],
  ])('of openGroup: %j', (options, message) => {
    const told = openGroup(options as never)._unsafeUnwrapErr().message;
    expect(told.replace('The spec is invalid: ', '').replace(/\.$/, '')).toMatch(message);
  });

  test('of the methods of a group', async () => {
    const one = await make();
    const told = async (result: ResultAsync<unknown, HacoError>): Promise<string> =>
      (await result)._unsafeUnwrapErr().message;
    expect(await told(one.update({ memroy: 1 } as never))).toBe(
      `The spec is invalid: memroy: is not known here; there are ${limits}.`,
    );
    expect(await told(one.update(null as never))).toBe('The spec is invalid: limits: null is not an object.');
    expect(await told(one.update({ pids: 3 }, { allowOomKil: true } as never))).toBe(
      'The spec is invalid: allowOomKil: is not known here; there are allowOomKill, confirm.',
    );
    expect(await told(one.freeze({ timeout: 'foo' }))).toMatch(
      /^The spec is invalid: timeout: "foo" is not a duration; /,
    );
    expect(await told(one.remove({ kil: true } as never))).toBe(
      'The spec is invalid: kil: is not known here; there are timeout, kill.',
    );
    expect(one.stats({ only: ['xyz'] as never })._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: only: "xyz" is no resource; the resources are cpu, memory, pids, io, hugetlb, pressure.',
    );
    for (const uid of [-1, Number.NaN, 2 ** 32 - 1, '0', undefined] as never[]) {
      expect(one.delegate(uid)._unsafeUnwrapErr()).toMatchObject({ kind: 'invalid-spec', issues: [{ path: 'uid' }] });
    }
    expect(await told(one.child('below', { threded: true } as never))).toMatch(
      /^The spec is invalid: threded: is not known/,
    );
    expect(one.dirs.every(({ path }) => existsSync(path))).toBe(true);
  });

  test('of events become no path', async () => {
    const one = await make();
    const bogus = ['../../../etc/passwd', { resource: 'cpu', stall: 'soon' }, { kind: 'some' }, null] as never[];
    for await (const event of one.events({ pressure: bogus })) {
      expect(event).toMatchObject({ type: 'unavailable', error: { kind: 'invalid-spec' } });
      if (event.type !== 'unavailable') continue;
      expect(event.error.message).toBe(
        'The spec has 4 problems: pressure[0]: "../../../etc/passwd" is none of "memory", "cpu", "io", "irq"; pressure[1].stall: "soon" is not a duration; write milliseconds or e.g. "500ms", "10s", "1m30s"; pressure[2].resource: undefined is none of memory, cpu, io, irq; pressure[3]: null is not an object.',
      );
    }
  });

  test('that were written to Object.prototype are not read', async () => {
    const target = Object.prototype as unknown as Record<string, unknown>;
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    target['pid'] = child.pid;
    target['pids'] = 3;
    target['only'] = ['cpu'];
    try {
      const one = await orThrow(createGroup({ name: 'haco-test-arguments' }));
      group = one;
      expect(one.pids()).toEqual([]);
      expect(orThrow(one.stats({})).pids?.max).toBe('max');
    } finally {
      for (const name of ['pid', 'pids', 'only']) Reflect.deleteProperty(target, name);
      child.kill('SIGKILL');
    }
  });
});
