/** Files in containers of an ordinary user. */
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { filesOf, haco, orThrow } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true, files: { '/etc/motd': 'inside\n' } });
});
afterAll(() => rootfs.remove());

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'files', () => {
  test('are read and written, on mounts of the container too, and belong to its root', async () => {
    await expectNothingLeft(async () => {
      const builder = haco().unshare('user', 'mount', 'pid').mapUsers('self').mapGroups('self').chroot(rootfs.path);
      await using container = await orThrow(builder.tmpfs('/tmp').command('/bin/sleep', '600').start());
      const { files } = container;
      orThrow(files.mkdir('/tmp/d/e', { recursive: true }));
      await orThrow(files.write('/tmp/d/e/f', 'text'));
      expect(orThrow(files.stat('/tmp/d/e/f'))).toMatchObject({ uid: 0, gid: 0, mode: 0o644, size: 4 });
      expect((await orThrow(container.exec('/bin/cat', '/tmp/d/e/f'))).stdout).toBe('text');
      expect((await files.write('/tmp/other', 'x', { uid: 7 }))._unsafeUnwrapErr().message).toBe(
        'Not allowed to give /tmp/other to user 7 and group 0 of the container: its user namespace has no such id; run as root, leave uid and gid out, or write it by exec() as that user.',
      );
      await orThrow(files.remove('/tmp/d', { recursive: true }));
      expect(await orThrow(files.readText('/etc/motd'))).toBe('inside\n');
      expect(await orThrow(filesOf(rootfs.path).readText('/etc/motd'))).toBe('inside\n');
    });
  });
});
