/** What a container sees of itself through a real LXCFS. */
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missingLxcfs } from './host/missing-lxcfs.js';

let rootfs: TestRootfs;

async function sh(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', script).run());
  return (stdout + stderr).trim();
}

/** With an LXCFS of its own, which ends with it. */
async function withLxcfs(use: (root: string) => Promise<void>): Promise<void> {
  const directory = await makeTemporaryDirectory('lxcfs');
  const root = join(directory, 'root');
  await mkdir(root);
  const lxcfs = spawn('lxcfs', ['-f', '-p', join(directory, 'pid'), root], { stdio: 'ignore' });
  const gone = new Promise((resolve) => lxcfs.once('close', resolve));
  try {
    for (let waited = 0; missingLxcfs({ lxcfs: root }).length > 0 && waited < 500; waited++) await sleep(20);
    await use(root);
  } finally {
    lxcfs.kill('SIGTERM');
    await gone;
    await rm(directory, { recursive: true });
  }
}

const limit = 'grep MemTotal /proc/meminfo';
const limited = () => haco().unshare('mount', 'pid').chroot(rootfs.path).memory('64MiB').independent('procfs', 'sysfs');

describeWith(['root', 'probe', 'busybox', 'controller:memory', 'tool:lxcfs', 'fuse'], 'lxcfs()', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    await orThrow(haco().command('/bin/sleep', '0.05').run());
  });
  afterAll(() => rootfs.remove());

  test('a limit of memory is what the container has, and without it the host', { timeout: 60_000 }, async () => {
    await expectNothingLeft(() =>
      withLxcfs(async (root) => {
        expect(await sh(limited(), limit)).not.toMatch(/ 65536 kB$/);
        expect(await sh(limited().lxcfs(root), limit)).toMatch(/^MemTotal: +65536 kB$/);
        // Asked for before the procfs that it covers, and without one.
        const early = haco().unshare('mount', 'pid').chroot(rootfs.path).memory('64MiB').lxcfs(`${root}/`);
        expect(await sh(early, limit)).toMatch(/ 65536 kB$/);
        expect(await sh(early.independent({ name: 'procfs', hidepid: 'invisible' }), limit)).toMatch(/ 65536 kB$/);
        // It has just begun.
        expect(Number((await sh(early, 'cat /proc/uptime')).split(' ')[0])).toBeLessThan(10);
      }),
    );
  });

  test('they are read-only mounts of LXCFS, over what the container has itself', { timeout: 60_000 }, async () => {
    await expectNothingLeft(() =>
      withLxcfs(async (root) => {
        const mounts = await sh(limited().lxcfs(root), 'grep lxcfs /proc/mounts');
        const targets = mounts.split('\n').map((line) => line.split(' ')[1]);
        const always = ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime'].map((name) => `/proc/${name}`);
        expect(targets).toEqual(expect.arrayContaining(always));
        expect(mounts.split('\n').every((line) => /^\S+ \S+ \S+ ro,nosuid,nodev,noexec/.test(line))).toBe(true);
        // Neither sysfs nor what it would cover there.
        const less = haco().unshare('mount', 'pid').chroot(rootfs.path).lxcfs(root);
        expect(await sh(less, 'grep -c " /sys" /proc/mounts')).toBe('0');
      }),
    );
  });

  test('where none runs, both the preflight and the start say how to get one', async () => {
    const directory = await makeTemporaryDirectory('none');
    const builder = limited().lxcfs(directory).command('/bin/true');
    const { problems } = await orThrow(builder.check());
    const remedy =
      'install it with "apt-get install lxcfs" and start it with "systemctl start lxcfs" or "lxcfs <directory>", or name the directory where it is mounted, or leave out lxcfs()';
    expect(problems).toEqual([
      { step: 'mounts.lxcfs', kind: 'tool', message: `LXCFS is not mounted on ${directory}; ${remedy}.` },
    ]);
    expect(orThrow(builder.explain()).toString()).toContain(`LXCFS is not mounted on ${directory}`);
    const error = await expectNothingLeft(async () => (await builder.run())._unsafeUnwrapErr());
    expect(error.kind).toBe('not-found');
    expect(error.message).toBe(
      `There is no LXCFS "${directory}"; could not bind what LXCFS shows in ${directory} on its namesakes in /proc and /sys, read-only: ENOENT; ${remedy}.`,
    );
    await rm(directory, { recursive: true });
  });
});
