/** Scopes on a host that was booted with systemd. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError, orThrow, type HacoError } from '@haco/plan';
import { describeWith, probePath } from '@haco/testkit';
import { err, type Result } from 'neverthrow';
import { afterEach, expect, test } from 'vitest';
import { createGroup } from '../create-group.js';

let child: ChildProcess | undefined;

describeWith(['root', 'systemd', 'pure-cgroup2', 'probe'], 'the systemd driver', () => {
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  test('puts a process into a delegated scope with limits, changes them, and the scope goes with it', async () => {
    child = spawn('sleep', ['30']);
    const pid = child.pid ?? 0;
    const name = 'haco-test-scope';
    const group = await orThrow(createGroup({ name, driver: 'systemd', pid, cpu: 50, pids: 20, memory: '64MiB' }));
    const [dir] = group.dirs;
    expect(dir?.path).toMatch(/\/haco-haco-test-scope\.scope$/);
    expect(group.pids()).toEqual([pid]);
    const stats = orThrow(group.stats());
    expect(stats.pids?.max).toBe(20);
    expect(stats.memory?.maxBytes).toBe(64 * 2 ** 20);
    expect(readFileSync(`${dir?.path ?? ''}/cpu.max`, 'utf8')).toBe('50000 100000\n');
    await orThrow(group.update({ cpu: 20, keys: { 'memory.high': 'max' } }));
    expect(readFileSync(`${dir?.path ?? ''}/cpu.max`, 'utf8')).toBe('20000 100000\n');
    const taken = await createGroup({ name, driver: 'systemd', pid, pids: 3 });
    expect(taken._unsafeUnwrapErr().kind).toBe('conflict');
    await orThrow(group.kill());
    for (let i = 0; i < 100 && existsSync(dir?.path ?? ''); i += 1) await sleep(50);
    expect(existsSync(dir?.path ?? '')).toBe(false);
  });

  test('leaves a process where it was when a limit is refused', async () => {
    child = spawn('sleep', ['30']);
    const pid = child.pid ?? 0;
    const own = (): string => readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8');
    const before = own();
    const keys = { 'memory.high': 'lots' };
    const error = (
      await createGroup({ name: 'haco-test-lots', driver: 'systemd', pid, pids: 20, keys })
    )._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'syscall', errno: 'EINVAL', cleanup: [] });
    expect(own()).toBe(before);
    // The name is free again: systemd forgets a scope as soon as it is empty.
    await expect
      .poll(async () => (await createGroup({ name: 'haco-test-lots', driver: 'systemd', pid, pids: 20 })).isOk())
      .toBe(true);
  });

  test('changes all limits or none, those that systemd knows and those of files', async () => {
    child = spawn('sleep', ['30']);
    const pid = child.pid ?? 0;
    const group = await orThrow(
      createGroup({
        name: 'haco-test-all',
        driver: 'systemd',
        pid,
        pids: 20,
        cpu: 50,
        keys: { 'memory.oom.group': 1 },
      }),
    );
    const read = (file: string): string => readFileSync(`${group.dirs[0]?.path ?? ''}/${file}`, 'utf8').trim();
    const shown = (): string =>
      execFileSync('systemctl', ['show', '-p', 'TasksMax', 'haco-haco-test-all.scope'], { encoding: 'utf8' }).trim();
    const change = { pids: 10, cpu: 20, keys: { 'memory.oom.group': 0 } };
    const confirm = (): Result<void, HacoError> => err(new StateError({ what: 'go on', state: 'no', remedy: 'wait' }));
    expect((await group.update(change, { confirm }))._unsafeUnwrapErr()).toMatchObject({ kind: 'state', cleanup: [] });
    expect([read('pids.max'), read('cpu.max'), read('memory.oom.group')]).toEqual(['20', '50000 100000', '1']);
    expect(shown()).toBe('TasksMax=20');
    const changes = await orThrow(group.update(change));
    expect(changes.find(({ file }) => file === 'TasksMax')).toMatchObject({ from: '20', to: '10' });
    expect([read('pids.max'), read('cpu.max'), read('memory.oom.group')]).toEqual(['10', '20000 100000', '0']);
    expect(shown()).toBe('TasksMax=10');
  });

  test('lowers no memory below what is in use, where the kernel would kill for it', async () => {
    // It takes its memory in its group: what it had before stays charged to the earlier one.
    child = spawn('/bin/sh', ['-c', `read go; exec ${probePath()} hog 60 30`], { stdio: ['pipe', 'ignore', 'ignore'] });
    const pid = child.pid ?? 0;
    const limits = { memory: '256MiB', keys: { 'memory.swap.max': 0 } } as const;
    const group = await orThrow(createGroup({ name: 'haco-test-room', driver: 'systemd', pid, ...limits }));
    child.stdin?.end('go\n');
    const used = (): number => orThrow(group.stats({ only: ['memory'] })).memory?.currentBytes ?? 0;
    await expect.poll(used, { timeout: 15_000 }).toBeGreaterThan(5e7);
    expect((await group.update({ memory: '8MiB' }))._unsafeUnwrapErr().message).toMatch(
      /^Can't lower \/\S+\/memory\.max to 8 MiB while the group uses \S+ \S+ that the kernel could not reclaim; /,
    );
    expect(group.pids()).toEqual([pid]);
    expect(readFileSync(`${group.dirs[0]?.path ?? ''}/memory.max`, 'utf8')).toBe('268435456\n');
  });

  test('needs a process', async () => {
    const error = (await createGroup({ name: 'haco-test-empty', driver: 'systemd' }))._unsafeUnwrapErr();
    expect(error.kind).toBe('invalid-spec');
  });
});

describeWith(['root', 'no-systemd'], 'without systemd', () => {
  test('the driver says so', async () => {
    const error = (
      await createGroup({ name: 'haco-test-nosd', driver: 'systemd', pid: process.pid })
    )._unsafeUnwrapErr();
    expect(error.message).toBe(
      "This host has no systemd as init, which driver: 'systemd' needs (/run/systemd/system is missing); leave the driver out: cgroupfs works on any host.",
    );
  });
});
