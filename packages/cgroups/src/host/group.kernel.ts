/** Groups of one's own on the real kernel: made, filled, changed, watched, stopped and removed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { orThrow } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup, type CreateGroupOptions } from './create-group.js';
import type { Source } from './events/event.js';
import type { GroupEvent } from './events/events.js';
import { watchPressure } from './events/pressure.js';
import { Group } from './group.js';
import { writeNow } from './files.js';
import { ownDirs } from './group-dir.js';
import { membership } from './membership.js';
import { openGroup } from './open-group.js';

const children: ChildProcess[] = [];
const groups: Group[] = [];

/** A shell; one that reads waits for `go()`, which is when it is in its group. */
function start(script: string): {
  readonly pid: number;
  readonly ended: Promise<unknown>;
  readonly go: () => void;
  readonly child: ChildProcess;
} {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  return { pid: child.pid ?? 0, ended: once(child, 'exit'), go: () => child.stdin.end('go\n'), child };
}

async function make(options: CreateGroupOptions): Promise<Group> {
  const group = await orThrow(createGroup(options));
  groups.push(group);
  return group;
}

function content(group: Group, controller: string, file: string): string {
  return readFileSync(`${group.path(controller) ?? ''}/${file}`, 'utf8').trim();
}

/** Take events until one of this type came. */
async function until(events: AsyncIterableIterator<GroupEvent>, type: GroupEvent['type']): Promise<readonly string[]> {
  const seen: string[] = [];
  for (;;) {
    const next = await Promise.race([events.next(), sleep(15_000, undefined, { ref: false })]);
    if (next === undefined || next.done === true) throw new Error(`no ${type} came, only ${seen.join(', ')}`);
    seen.push(next.value.type);
    if (next.value.type === type) return seen;
  }
}

const needs = ['root', 'controller:cpu', 'controller:memory', 'controller:pids'] as const;

describeWith(needs, 'a group of its own', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('is made with its limits, takes a process, and goes without a trace', async () => {
    await expectNothingLeft(async () => {
      const group = await make({ name: 'haco-test-make', cpu: 50, memory: '64MiB', pids: 20 });
      const { pid, ended, go } = start('read go');
      await orThrow(group.add(pid));
      expect(group.pids()).toEqual([pid]);
      for (const { path } of group.dirs) expect(readFileSync(`${path}/cgroup.procs`, 'utf8')).toBe(`${String(pid)}\n`);
      const stats = orThrow(group.stats());
      expect(stats.memory?.maxBytes).toBe(64 * 2 ** 20);
      expect(stats.pids).toMatchObject({ current: 1, max: 20, limitHits: 0 });
      expect(stats.cpu?.usageMs).toBeGreaterThanOrEqual(0);
      go();
      await ended;
      await orThrow(group.remove());
      for (const { path } of group.dirs) expect(existsSync(path)).toBe(false);
      expect(group.stats()._unsafeUnwrapErr().kind).toBe('not-found');
    });
  });

  test('holds this very process, which can be put back', async () => {
    const before = membership(process.pid, ownDirs(probeHost()));
    const group = await make({ name: 'haco-test-self', memory: '2GiB' });
    await orThrow(group.add(process.pid));
    try {
      expect(group.pids()).toContain(process.pid);
      expect((await group.freeze())._unsafeUnwrapErr().message).toMatch(
        /^Not allowed to freeze \S+: this very process is in it, and would never get to the end of the call; /,
      );
      expect((await group.kill())._unsafeUnwrapErr().kind).toBe('permission');
    } finally {
      for (const { path } of before) orThrow(writeNow(`${path}/cgroup.procs`, String(process.pid)));
    }
    expect(group.pids()).toEqual([]);
  });

  test('of a name that is taken is a conflict, and the first one is untouched', async () => {
    const first = await make({ name: 'haco-test-twice', pids: 7 });
    const error = (await createGroup({ name: 'haco-test-twice', pids: 9 }))._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'conflict', what: 'control group' });
    expect(content(first, 'pids', 'pids.max')).toBe('7');
  });

  test('has a part in the controllers that were named, by their names on either version', async () => {
    for (const controllers of [['io'], ['blkio']]) {
      const group = await make({ name: 'haco-test-part', controllers });
      const child = await orThrow(group.child('below', { controllers }));
      for (const one of [group, child]) {
        expect(orThrow(one.stats()).io).toEqual({ devices: [], readBytes: 0, writeBytes: 0 });
        expect(orThrow(one.stats()).pids).toBeUndefined();
      }
      await orThrow(group.remove());
    }
  });

  test('with a value that the kernel refuses is not made at all', async () => {
    await expectNothingLeft(async () => {
      const error = (
        await createGroup({ name: 'haco-test-bad', memory: '64MiB', keys: { 'pids.max': 'lots' } })
      )._unsafeUnwrapErr();
      expect(error.message).toMatch(/^Could not write "lots" to \S+\/pids\.max \(it is "max"\): write\(.*EINVAL/);
    });
  });

  test('with nonsense is refused with every problem', async () => {
    const error = (await createGroup({ name: '../x', cpu: -1, memory: 'much' }))._unsafeUnwrapErr();
    expect(error.kind === 'invalid-spec' && error.issues.map(({ path }) => path)).toEqual(['name', 'memory', 'cpu']);
    expect((await createGroup({ name: 'tasks', pids: 1 })).isErr()).toBe(true);
    expect((await createGroup({ name: '../x' })).isErr()).toBe(true);
    const group = await make({ name: 'haco-test-child' });
    expect((await group.child('../../x'))._unsafeUnwrapErr().kind).toBe('invalid-spec');
    expect((await group.child('cgroup.procs'))._unsafeUnwrapErr().kind).toBe('invalid-spec');
  });

  test('takes a whole tree of processes, also those that start meanwhile', async () => {
    const group = await make({ name: 'haco-test-tree', pids: 100 });
    const { pid } = start('for i in 1 2 3 4 5; do (sleep 60 & sleep 60; :) & done; wait');
    // Some are there, others come while they are added.
    await expect.poll(() => readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1')).not.toBe('');
    const added = await orThrow(group.addTree(pid));
    await expect.poll(() => group.pids().length).toBeGreaterThanOrEqual(11);
    expect(group.pids()).toEqual(expect.arrayContaining([...added]));
    expect(added).toContain(pid);
    await orThrow(group.kill());
    expect(group.pids()).toEqual([]);
  });

  test('refuses a process that is not there', async () => {
    const group = await make({ name: 'haco-test-none', pids: 3 });
    expect((await group.add(4_194_303))._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', subject: '4194303' });
  });

  test('stops its processes, and lets them go on', async () => {
    const group = await make({ name: 'haco-test-freeze', cpu: 20 });
    const { pid } = start('while :; do :; done');
    await orThrow(group.add(pid));
    const cpu = (): number => orThrow(group.stats({ only: ['cpu'] })).cpu?.usageMs ?? 0;
    await expect.poll(cpu).toBeGreaterThan(20);
    await orThrow(group.freeze());
    const frozen = cpu();
    await sleep(200);
    expect(cpu() - frozen).toBeLessThan(1);
    await orThrow(group.thaw());
    await expect.poll(() => cpu() - frozen).toBeGreaterThan(20);
    await orThrow(group.freeze());
    // What is stopped can be killed.
    await orThrow(group.kill());
    expect(group.pids()).toEqual([]);
  });

  test('is not removed while processes are in it, and the error names them', async () => {
    const group = await make({ name: 'haco-test-busy', pids: 3 });
    const { pid } = start('exec sleep 5');
    await orThrow(group.add(pid));
    const error = (await group.remove({ timeout: 50 }))._unsafeUnwrapErr();
    expect(error.message).toMatch(new RegExp(`while processes are in it \\(${String(pid)}\\); stop them first`));
    await orThrow(group.remove({ kill: true }));
  });

  test('is not removed in one hierarchy while processes are in another one', async () => {
    const group = await make({ name: 'haco-test-all', pids: 5, memory: '64MiB' });
    const { pid, ended, go } = start('read go');
    const last = group.dirs.at(-1);
    orThrow(writeNow(`${last?.path ?? ''}/cgroup.procs`, String(pid)));
    expect((await group.remove({ timeout: 20 }))._unsafeUnwrapErr()).toMatchObject({ kind: 'state' });
    expect(group.dirs.filter(({ path }) => !existsSync(path))).toEqual([]);
    go();
    await ended;
    await orThrow(group.remove());
  });

  test('moves a process to another group, but not one that is elsewhere', async () => {
    const [a, b] = [await make({ name: 'haco-test-a' }), await make({ name: 'haco-test-b' })];
    const { pid } = start('exec sleep 5');
    expect((await a.move(pid, b))._unsafeUnwrapErr().kind).toBe('state');
    await orThrow(a.add(pid));
    await orThrow(a.move(pid, b));
    expect([a.pids(), b.pids()]).toEqual([[], [pid]]);
  });

  test('has groups below it, which are limited too and go with it', async () => {
    const group = await make({ name: 'haco-test-nest', pids: 20 });
    const child = await orThrow(group.child('tests', { pids: 3 }));
    expect(content(child, 'pids', 'pids.max')).toBe('3');
    expect(child.path('pids')).toBe(`${group.path('pids') ?? ''}/tests`);
    const { pid } = start('exec sleep 5');
    await orThrow(child.add(pid));
    expect(group.pids()).toEqual([]);
    expect(group.pids({ tree: true })).toEqual([pid]);
    await orThrow(group.kill());
    await orThrow(group.remove());
  });

  test('is found by its name, its path and a process in it', async () => {
    const group = await make({ name: 'haco-test-find', pids: 5 });
    const { pid } = start('exec sleep 5');
    await orThrow(group.add(pid));
    const path = group.path('pids') ?? '';
    for (const found of [
      orThrow(openGroup({ container: 'haco-test-find' })),
      orThrow(openGroup({ path: 'haco/haco-test-find' })),
      orThrow(openGroup({ path })),
      orThrow(openGroup({ pid })),
    ]) {
      expect(found.name).toBe('haco-test-find');
      expect(found.path('pids')).toBe(path);
      expect(orThrow(found.stats({ only: ['pids'] })).pids?.current).toBe(1);
      found.close();
    }
    expect(openGroup({ container: 'haco-test-nobody' })._unsafeUnwrapErr().kind).toBe('not-found');
    expect(openGroup({ path: '../..' })._unsafeUnwrapErr().kind).toBe('invalid-spec');
    expect(openGroup({ path: '/tmp' })._unsafeUnwrapErr().kind).toBe('not-found');
  });

  test('of the caller can be looked at, and not changed by accident', async () => {
    const own = orThrow(openGroup({ pid: process.pid }));
    expect(orThrow(own.stats({ only: ['pids'] })).atMs).toBeGreaterThan(0);
    own.close();
    for (const change of [own.kill(), own.freeze(), own.remove(), own.update({ pids: 5 })]) {
      expect((await change)._unsafeUnwrapErr().kind).toBe('permission');
    }
  });

  test('is given to a user with the files that the kernel names, and not with its limits', async () => {
    const group = await make({ name: 'haco-test-give', pids: 5 });
    orThrow(group.delegate(65534));
    for (const { path, version } of group.dirs) {
      expect(statSync(path).uid).toBe(65534);
      expect(statSync(`${path}/cgroup.procs`).uid).toBe(65534);
      if (version === 1) expect(statSync(`${path}/notify_on_release`).uid).toBe(0);
    }
    expect(statSync(`${group.path('pids') ?? ''}/pids.max`).uid).toBe(0);
  });

  test('that vanished is told as that', async () => {
    const group = await make({ name: 'haco-test-gone', pids: 5 });
    for (const { path } of group.dirs) rmdirSync(path);
    expect((await group.update({ pids: 6 }))._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found' });
    expect((await group.add(process.pid))._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found' });
    expect((await group.remove()).isOk()).toBe(true);
  });
});

describeWith(needs, 'updates', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('change a living group, and say what changed', async () => {
    const group = await make({ name: 'haco-test-update', cpu: 50, memory: '64MiB', pids: 9 });
    const changes = await orThrow(group.update({ pids: 5, memory: '128MiB' }));
    expect(changes.find(({ file }) => file === 'pids.max')).toMatchObject({ from: '9', to: '5' });
    const stats = orThrow(group.stats());
    expect([stats.pids?.max, stats.memory?.maxBytes]).toEqual([5, 128 * 2 ** 20]);
  });

  test('are all made or none: a refused one puts back those before it', async () => {
    const group = await make({ name: 'haco-test-atomic', cpu: 50, memory: '64MiB', pids: 9 });
    const error = (await group.update({ cpu: 20, memory: '32MiB', keys: { 'pids.max': 'lots' } }))._unsafeUnwrapErr();
    expect(error.message).toMatch(/write "lots" to \S+pids\.max \(it is "9"\): .*EINVAL/);
    expect(error.cleanup).toEqual([]);
    const stats = orThrow(group.stats());
    expect(stats.memory?.maxBytes).toBe(64 * 2 ** 20);
    expect(stats.pids?.max).toBe(9);
    expect(`${content(group, 'cpu', group.dirs[0]?.version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max')} `).toMatch(
      /^50000 /,
    );
  });

  test('below what is in use are refused, and nobody is killed', async () => {
    const group = await make({ name: 'haco-test-below', memory: '256MiB', keys: { 'memory.swap.max': 0 } });
    const hog = start('exec perl -e \'$x = "y" x 60000000; sleep 20\'');
    await orThrow(group.add(hog.pid));
    for (let i = 0; i < 100 && (orThrow(group.stats({ only: ['memory'] })).memory?.currentBytes ?? 0) < 5e7; i += 1) {
      await sleep(50);
    }
    const error = (await group.update({ memory: '8MiB' }))._unsafeUnwrapErr();
    expect(error.message).toMatch(/EBUSY|could not reclaim/);
    expect(group.pids()).toEqual([hog.pid]);
    expect(orThrow(group.stats({ only: ['memory'] })).memory?.maxBytes).toBe(256 * 2 ** 20);
  });

  test('of memory and swap together work in both directions', async () => {
    const group = await make({ name: 'haco-test-swap', memory: '64MiB', keys: { 'memory.swap.max': '64M' } });
    for (const size of [256, 32, 128]) {
      await orThrow(group.update({ memory: size * 2 ** 20, keys: { 'memory.swap.max': String(size * 2 ** 20) } }));
      expect(orThrow(group.stats({ only: ['memory'] })).memory?.maxBytes).toBe(size * 2 ** 20);
    }
  });

  test('at the same time are made one after the other', async () => {
    const group = await make({ name: 'haco-test-queue', pids: 9 });
    const [a, b, c] = await Promise.all([
      group.update({ pids: 5 }),
      group.update({ pids: 6 }),
      group.update({ pids: 7 }),
    ]);
    expect([a, b, c].map((one) => orThrow(one)[0]?.from)).toEqual(['9', '5', '6']);
  });
});

describeWith(needs, 'events', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('tell of a life: populated, frozen, thawed, empty, removed', async () => {
    const group = await make({ name: 'haco-test-life', pids: 9 });
    const events = group.events();
    const { pid } = start('exec sleep 5');
    await orThrow(group.add(pid));
    expect(await until(events, 'populated')).toEqual(['populated']);
    await orThrow(group.freeze());
    await until(events, 'frozen');
    await orThrow(group.thaw());
    await until(events, 'thawed');
    await orThrow(group.kill());
    await until(events, 'empty');
    await orThrow(group.remove());
    await until(events, 'removed');
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('tell when memory is out and who paid for it', async () => {
    const group = await make({ name: 'haco-test-oom', memory: '16MiB', keys: { 'memory.swap.max': 0 } });
    const events = group.events();
    const { pid, go } = start('read go; exec tail /dev/zero');
    await orThrow(group.add(pid));
    go();
    expect(await until(events, 'oom-kill')).toContain('oom');
    await events.return?.();
    expect(orThrow(group.stats({ only: ['memory'] })).memory?.events.oomKills).toBe(1);
  });

  test('tell when a fork was refused', async () => {
    const group = await make({ name: 'haco-test-fork', pids: 2 });
    const events = group.events();
    const { pid, go } = start('read go; sleep 20 & sleep 20 & sleep 20 & wait');
    await orThrow(group.add(pid));
    go();
    await until(events, 'pids-limit');
    await events.return?.();
  });

  test('end with the signal, and keep no descriptor', async () => {
    const group = await make({ name: 'haco-test-signal', memory: '16MiB' });
    // The first watch opens what Node keeps for its loop.
    await group.events().return?.();
    const cancel = new AbortController();
    const seen: GroupEvent[] = [];
    await expectNothingLeft(async () => {
      setTimeout(() => cancel.abort(), 50);
      for await (const event of group.events({ signal: cancel.signal })) seen.push(event);
    });
    expect(seen).toEqual([]);
  });
});

describeWith([...needs, 'cgroup1', 'controller:freezer'], 'a group where nothing but v1 is mounted', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('tells of its life too, is stopped and killed with all that it forks, and goes', async () => {
    const whole = await make({ name: 'haco-test-v1', pids: 30 });
    // Hybrid hosts freeze by v2, and have no group in this hierarchy.
    const { mountPoint = '', ownGroup = '' } = probeHost().cgroups.v1['freezer'] ?? {};
    const freezer = { version: 1, path: join(mountPoint, ownGroup, 'haco-test-v1'), controllers: ['freezer'] } as const;
    mkdirSync(freezer.path);
    const dirs = [...whole.dirs.filter(({ version }) => version === 1), freezer];
    const group = new Group({ name: whole.name, dirs });
    groups.push(group);
    const events = group.events();
    const { pid, go } = start('read go; while :; do sleep 0.01 & wait; done');
    await orThrow(group.add(pid));
    expect(await until(events, 'populated')).toEqual(['populated']);
    go();
    await orThrow(group.freeze());
    expect(readFileSync(`${group.path('freezer') ?? ''}/freezer.state`, 'utf8')).toBe('FROZEN\n');
    expect(await until(events, 'frozen')).toEqual(['frozen']);
    await orThrow(group.thaw());
    expect(await until(events, 'thawed')).toEqual(['thawed']);
    await orThrow(group.freeze());
    // What v1 has frozen doesn't notice SIGKILL: it is let go for that.
    await orThrow(group.kill());
    expect(group.pids({ tree: true })).toEqual([]);
    await until(events, 'empty');
    await orThrow(group.remove());
    expect(await until(events, 'removed')).toEqual(['removed']);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    for (const { path } of group.dirs) expect(existsSync(path)).toBe(false);
  });
});

describeWith([...needs, 'cgroup2', 'psi'], 'pressure', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('on the CPU is told, and measured', async () => {
    const group = await make({ name: 'haco-test-psi', cpu: 20 });
    const events = group.events({ pressure: ['cpu'] });
    for (let i = 0; i < 3; i += 1) {
      await orThrow(group.add(start('while :; do :; done').pid));
    }
    await until(events, 'pressure');
    await events.return?.();
    expect(orThrow(group.stats({ only: ['pressure'] })).pressure?.cpu?.some.totalMs).toBeGreaterThan(0);
  });
});

/** Writes more to a file than its group may hold of it, again and again: the kernel must reclaim all the time. */
const writing = (file: string): string => `read go; while :; do head -c 64000000 /dev/zero > ${file}; done`;

describeWith([...needs, 'cgroup1'], 'pressure of memory on v1', () => {
  const file = join(tmpdir(), `haco-test-pressure-${String(process.pid)}`);
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
    rmSync(file, { force: true });
  });

  test('is told by levels where nothing measures it', async () => {
    const group = await make({ name: 'haco-test-level', memory: '16MiB' });
    const onlyV1 = group.dirs.filter(({ version }) => version === 1);
    const seen: string[] = [];
    const watch = (): Source =>
      watchPressure(
        onlyV1,
        { resource: 'memory', level: 'low' },
        ({ type }) => seen.push(type),
        () => false,
      )._unsafeUnwrap();
    // The first watch opens what Node keeps for its loop.
    watch().close();
    await expectNothingLeft(async () => {
      const source = watch();
      const { pid, go, ended, child } = start(writing(file));
      await orThrow(group.add(pid));
      expect(seen).toEqual([]);
      go();
      await expect.poll(() => seen).toContain('pressure');
      source.close();
      child.kill('SIGKILL');
      await ended;
      await orThrow(group.kill());
      rmSync(file, { force: true });
    });
    const error = watchPressure(
      onlyV1,
      { resource: 'io' },
      () => undefined,
      () => false,
    )._unsafeUnwrapErr();
    expect(error.message).toBe(
      'This host has no pressure of io for this group, which events({ pressure }) needs (it needs a v2 group and a kernel with CONFIG_PSI); ask for memory only, which v1 has levels for.',
    );
  });
});

describeWith([...needs, 'cgroup2', 'psi'], 'pressure of memory where it is measured', () => {
  const file = join(tmpdir(), `haco-test-pressure-${String(process.pid)}`);
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
    rmSync(file, { force: true });
  });

  test('is told by a trigger', async () => {
    const group = await make({ name: 'haco-test-psi-memory', memory: '16MiB' });
    const events = group.events({ pressure: [{ resource: 'memory', stall: '1ms' }] });
    const { pid, go } = start(writing(file));
    await orThrow(group.add(pid));
    go();
    expect(await until(events, 'pressure')).not.toContain('unavailable');
    await events.return?.();
    expect(orThrow(group.stats({ only: ['pressure'] })).pressure?.memory?.some.totalMs).toBeGreaterThan(0);
  });
});

describeWith(['root', 'pure-cgroup2', 'controller:memory'], 'limits of memory on v2', () => {
  const file = join(tmpdir(), `haco-test-high-${String(process.pid)}`);
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
    rmSync(file, { force: true });
  });

  test.each([
    ['memory-high', { high: '8MiB' }],
    ['memory-max', { max: '8MiB' }],
  ] as const)('tell when they are met: %s', async (type, memory) => {
    const group = await make({ name: 'haco-test-met', resources: { memory } });
    const events = group.events();
    const { pid, go } = start(writing(file));
    await orThrow(group.add(pid));
    go();
    await until(events, type);
    await events.return?.();
  });
});

describeWith(['root', 'cgroup2'], 'v2 groups', () => {
  test('can be for threads', async () => {
    const { v2 } = probeHost().cgroups;
    const path = `${v2?.mountPoint ?? ''}/haco-test-threads`;
    mkdirSync(path);
    try {
      const group = orThrow(openGroup({ path }));
      const child = await orThrow(group.child('threads', { threaded: true }));
      expect(readFileSync(`${child.dirs[0]?.path ?? ''}/cgroup.type`, 'utf8')).toBe('threaded\n');
      const { pid, ended, go } = start('read go');
      await orThrow(group.add(pid));
      await orThrow(child.addThread(pid));
      expect(readFileSync(`${child.dirs[0]?.path ?? ''}/cgroup.threads`, 'utf8')).toBe(`${String(pid)}\n`);
      go();
      await ended;
      await orThrow(group.remove());
    } finally {
      if (existsSync(path)) rmdirSync(path);
    }
  });
});
