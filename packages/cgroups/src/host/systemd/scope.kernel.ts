/** Scopes on a host that was booted with systemd. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { orThrow } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup } from '../create-group.js';

let child: ChildProcess | undefined;

describeWith(['root', 'systemd', 'pure-cgroup2'], 'the systemd driver', () => {
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
