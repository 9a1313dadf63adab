/** Scopes of an ordinary user, made by the user's own systemd. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { orThrow } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup } from '../create-group.js';

const children: ChildProcess[] = [];

function sleeper(): number {
  const child = spawn('sleep', ['60']);
  children.push(child);
  return child.pid ?? 0;
}

describeWith(['ordinary-user', 'systemd', 'pure-cgroup2', 'vm'], 'the systemd driver of a user', () => {
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('puts a process into a delegated scope with limits, changes them, and the scope goes with it', async () => {
    const pid = sleeper();
    const name = 'haco-test-user-scope';
    const group = await orThrow(createGroup({ name, driver: 'systemd', pid, pids: 20, memory: '64MiB' }));
    const [dir] = group.dirs;
    expect(dir?.path).toMatch(/\/user@\d+\.service\/.*\/haco-haco-test-user-scope\.scope$/);
    expect(group.pids()).toEqual([pid]);
    expect(group.enforced).toEqual({ pids: 'enforced', memory: 'enforced' });
    const read = (file: string): string => readFileSync(`${dir?.path ?? ''}/${file}`, 'utf8').trim();
    expect([read('pids.max'), read('memory.max')]).toEqual(['20', '67108864']);
    // Delegated: the user may make groups in it.
    const shown = spawnSync('systemctl', ['--user', 'show', '-p', 'Delegate', 'haco-haco-test-user-scope.scope']);
    expect(String(shown.stdout).trim()).toBe('Delegate=yes');

    await orThrow(group.update({ pids: 10, keys: { 'memory.high': '50M' } }));
    expect([read('pids.max'), read('memory.high')]).toEqual(['10', '52428800']);
    // systemd knows the new limit, and won't write the old one again.
    const tasks = spawnSync('systemctl', ['--user', 'show', '-p', 'TasksMax', 'haco-haco-test-user-scope.scope']);
    expect(String(tasks.stdout).trim()).toBe('TasksMax=10');

    const taken = (await createGroup({ name, driver: 'systemd', pid: sleeper(), pids: 3 }))._unsafeUnwrapErr();
    expect(taken.message).toBe(
      'The systemd unit "haco-haco-test-user-scope.scope" is already in use; choose another name, or stop that unit with systemctl stop.',
    );
    await orThrow(group.freeze());
    await orThrow(group.kill());
    for (let i = 0; i < 100 && existsSync(dir?.path ?? ''); i += 1) await sleep(50);
    expect(existsSync(dir?.path ?? '')).toBe(false);
  });

  test('takes a slice', async () => {
    const pid = sleeper();
    const group = await orThrow(
      createGroup({ name: 'haco-test-sliced', driver: 'systemd', pid, slice: 'haco-test.slice', pids: 5 }),
    );
    expect(group.dirs[0]?.path).toMatch(/\/haco\.slice\/haco-test\.slice\/haco-haco-test-sliced\.scope$/);
    await orThrow(group.kill());
  });

  test('says what systemd says, when that refuses', async () => {
    const error = (
      await createGroup({ name: 'haco-test-init', driver: 'systemd', pid: 1, pids: 5 })
    )._unsafeUnwrapErr();
    expect(error.kind).toBe('tool');
    expect(error.message).toMatch(/^The command "busctl --user call .+" exited with code 1; its last words: .+\.$/s);
  });
});
