/** What a command finds of itself: who it is, where it is, and its environment, to the letter. */
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Builder } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({
    shell: true,
    files: {
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100:Alice:/home/alice:/bin/sh\n',
      '/etc/group': 'root:x:0:\nusers:x:100:\nvideo:x:44:bob,alice\n',
      '/home/alice/kept': '',
    },
  });
});
afterAll(() => rootfs.remove());

const said = async (builder: Builder): Promise<string> => {
  const { stdout, stderr, exitCode } = await expectNothingLeft(() => orThrow(builder.run()));
  expect([stderr, exitCode]).toEqual(['', 0]);
  return stdout;
};

describeWith(['root', 'busybox', 'probe'], 'a command', () => {
  test('of a user by name has the groups of that name, its directory and what it was given, and nothing else', async () => {
    const builder = haco()
      .unshare('pid')
      .chroot(rootfs.path)
      .user('alice')
      .workdir('/home/alice')
      .env({ LANG: 'C.UTF-8', EMPTY: '', GREETING: 'hello world' });
    expect(await said(builder.sh('id; pwd'))).toBe('uid=1000(alice) gid=100(users) groups=44(video)\n/home/alice\n');
    expect(await said(builder.command('env'))).toBe('LANG=C.UTF-8\nEMPTY=\nGREETING=hello world\n');
  });

  test('of a user that no group lists has none of the groups of Node, and begins in the root directory', async () => {
    const builder = haco().chroot(rootfs.path).user('root');
    expect(await said(builder.sh('id; pwd'))).toBe('uid=0(root) gid=0(root)\n/\n');
    expect(await said(builder.command('env'))).toBe('');
  });

  test('of a plain haco() has nothing of the environment of Node, and is where Node is', async () => {
    process.env['HACO_TEST_SECRET'] = 'not for containers';
    try {
      expect(await said(haco().command('env'))).toBe('');
      expect(await said(haco().command('pwd'))).toBe(`${process.cwd()}\n`);
      expect(await said(haco().command('id', '-u'))).toBe('0\n');
    } finally {
      delete process.env['HACO_TEST_SECRET'];
    }
  });
});
