/** Containers that are saved and restored by a real CRIU. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Container } from '../index.js';

const slow = { timeout: 60_000 };

let rootfs: TestRootfs;
let place: string;
let directory: string;

/** Counts, in memory and in a file; says each number. */
const count = 'i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/count; sleep 0.02; done';

const base = () => haco().unshare('mount', 'pid', 'uts', 'ipc').chroot(rootfs.path).independent('procfs', 'dev');
const counting = () => base().command('/bin/sh', '-c', count);

async function counted(): Promise<number> {
  return Number(await readFile(rootfs.inside('/tmp/count'), 'utf8').catch(() => '0'));
}

/** Wait until it has counted so far. */
async function reaches(goal: number): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const now = await counted();
    if (now >= goal) return now;
    await sleep(20);
  }
  throw new Error(`it has come to ${String(await counted())} only`);
}

async function firstLine({ stdout }: Container): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

describeWith(['root', 'busybox', 'criu'], 'checkpoint() and restore()', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true, files: { '/secret/key': 'secret\n', '/data/x': '' } });
    place = await makeTemporaryDirectory('checkpoints');
    await warmUp();
  });
  beforeEach(async () => {
    directory = join(place, 'one');
    await rm(directory, { recursive: true, force: true });
    await rm(rootfs.inside('/tmp/count'), { force: true });
  });
  afterAll(async () => {
    await rm(place, { recursive: true });
    await rootfs.remove();
  });

  test('a container goes on where it was, as one like others', slow, async () => {
    await expectNothingLeft(async () => {
      const container = await orThrow(counting().start());
      container.stdout?.resume();
      await reaches(5);
      const saved = await orThrow(container.checkpoint(directory));
      expect(saved).toEqual({ directory, name: container.name });
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
      const before = await counted();
      await sleep(100);
      expect(await counted()).toBe(before);

      await using restored = await orThrow(counting().restore(directory));
      // Its output is that of the new handle, and begins after the old one.
      expect(Number(await firstLine(restored))).toBeGreaterThanOrEqual(before);
      await reaches(before + 5);
      const inside = await orThrow(restored.exec('/bin/sh', '-c', 'echo $$; cat /proc/1/comm; hostname'));
      expect(inside.stdout).toMatch(/^\d+\nsh\n/);
      orThrow(restored.kill('SIGKILL'));
      expect(await orThrow(restored.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
    });
  });
});
