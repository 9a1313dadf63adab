/** Links with `..` that reach the root, as the `/var/run -> ../run` of an image, while the store for masks, files and layers is there. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let rootfs: TestRootfs;
let outside: string;

async function sh(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', script).run());
  return (stdout + stderr).trim();
}

describeWith(['root', 'probe', 'busybox', 'overlay'], 'links with ".." that reach the root', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({
      shell: true,
      files: { '/run/app/file': 'of the image\n', '/run/secret/key': 'secret\n', '/other/x': '', '/var/x': '' },
    });
    symlinkSync('../run', rootfs.inside('/var/run'));
    // On the host the same, from a directory that can be removed again.
    outside = await makeTemporaryDirectory('above');
    for (const name of ['target', 'secret', 'more', 'other']) mkdirSync(join(outside, name));
    writeFileSync(join(outside, 'target/file'), 'of the host\n');
    for (const name of ['secret', 'other']) writeFileSync(join(outside, name, 'key'), 'secret\n');
    symlinkSync(`../../../../../../../..${outside}`, join(outside, 'up'));
    await orThrow(haco().command('/bin/sleep', '0.05').run());
  });
  afterAll(async () => {
    await rootfs.remove();
    rmSync(outside, { recursive: true });
  });

  const isolated = () => haco().unshare('mount', 'pid').independent('procfs');
  const entries = ['pivot_root', 'chroot'] as const;
  const roots = entries.flatMap((entry) => [
    { name: `a directory, ${entry}`, builder: () => isolated().chroot(rootfs.path, { mode: entry }) },
    { name: `an overlay, ${entry}`, builder: () => isolated().chroot(rootfs.path, { overlay: true, mode: entry }) },
  ]);

  describe.for(roots)('in the root, $name', ({ builder }) => {
    test('a mount goes there, and nothing of the store is left, with masks', async () => {
      const masked = builder().mask('/other').tmpfs('/var/run/app').mount(join(outside, 'target'), '/var/run/secret');
      const look =
        "ls -A /other /run/app; cat /run/secret/file; cut -d' ' -f2,3 /proc/mounts | grep -E '^/(run|other|var)|^/ tmpfs' | sort";
      expect(await expectNothingLeft(() => sh(masked, look))).toMatch(
        /^\/other:\n\n\/run\/app:\nof the host\n\/other tmpfs\n\/run\/app tmpfs\n\/run\/secret .*$/,
      );
    });

    test('a file is seen there', async () => {
      const file = builder().file('/var/run/app/file', 'given\n').file('/run/secret/key', 'too\n');
      expect(await expectNothingLeft(() => sh(file, 'cat /run/app/file /run/secret/key'))).toBe('given\ntoo');
      expect(readFileSync(rootfs.inside('/run/app/file'), 'utf8')).toBe('of the image\n');
    });

    test('a layer is laid there', async () => {
      const layered = builder().overlay('/var/run/app').overlay('/var/run/secret');
      const change = 'echo changed >/run/app/file; cat /run/app/file /run/secret/key; touch /run/secret/x && echo made';
      expect(await expectNothingLeft(() => sh(layered, change))).toBe('changed\nsecret\nmade');
      expect(readFileSync(rootfs.inside('/run/app/file'), 'utf8')).toBe('of the image\n');
      expect(existsSync(rootfs.inside('/run/secret/x'))).toBe(false);
    });

    test('what is masked, or read-only, is found there', async () => {
      const masked = builder().mask('/var/run/secret', '/var/run/app/file').readonlyPaths('/var/run/app');
      expect(
        await expectNothingLeft(() => sh(masked, 'ls -A /run/secret; cat /run/app/file; touch /run/app/x')),
      ).toMatch(/^touch: .*Read-only file system$/);
    });
  });

  describe('without a root of its own, those of the host', () => {
    const bare = () => haco().unshare('mount').workdir('/var');
    const busybox = (builder: Builder, script: string) =>
      orThrow(builder.command(rootfs.inside('/bin/busybox'), 'sh', '-c', script).run()).then(({ stdout }) => stdout);

    test('a mount goes there, a file is seen there, what is masked is found there', async () => {
      const up = join(outside, 'up');
      const script = `pwd; cd ${outside}; cat target/file; ls -A secret other; grep -c ' ${outside}' /proc/mounts; grep -c ' / ' /proc/mounts`;
      const before = readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.split(' ')[1] === '/');
      const masked = bare()
        .file(join(up, 'target/file'), 'given\n')
        .mask(join(up, 'secret'), join(up, 'other'))
        .tmpfs(join(up, 'more'));
      expect(await expectNothingLeft(() => busybox(masked, script))).toBe(
        `/var\ngiven\nother:\n\nsecret:\n4\n${String(before.length)}\n`,
      );
      expect(readFileSync(join(outside, 'target/file'), 'utf8')).toBe('of the host\n');
    });

    test('a layer is laid there', async () => {
      const layered = bare().overlay(join(outside, 'up/target')).overlay(join(outside, 'up/more'));
      const script = `pwd; cd ${outside}; echo changed >target/file; cat target/file; touch more/x; grep -c ' / ' /proc/mounts`;
      expect(await expectNothingLeft(() => busybox(layered, script))).toMatch(/^\/var\nchanged\n\d+\n$/);
      expect(readFileSync(join(outside, 'target/file'), 'utf8')).toBe('of the host\n');
      expect(existsSync(join(outside, 'more/x'))).toBe(false);
    });
  });

  test('what is bound comes from the host, whatever the image has at the same path', async () => {
    mkdirSync(rootfs.inside(join(outside, 'target')), { recursive: true });
    writeFileSync(rootfs.inside(join(outside, 'target/file')), 'of the image\n');
    const bound = isolated().chroot(rootfs.path).mount(join(outside, 'up/target'), '/mnt');
    expect(await expectNothingLeft(() => sh(bound, 'cat /mnt/file'))).toBe('of the host');
    expect(await expectNothingLeft(() => sh(bound.mask('/other'), 'cat /mnt/file'))).toBe('of the host');
  });
});
