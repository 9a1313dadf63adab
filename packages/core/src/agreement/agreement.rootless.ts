/** strace agreement without root: a user namespace, in which the caller maps itself, and what it allows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, makeRootfs, type TestRootfs } from '@haco/testkit';
import { compare } from './fixture.js';
import { warmUp } from '../fixture.js';
import { haco, sandbox, type Builder } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const containers: Readonly<Record<string, () => Pick<Builder, 'explain' | 'run'>>> = {
  'a process': () => haco().command('/bin/true'),
  'namespaces, mounts and a root of its own': () =>
    haco()
      .unshare('user', 'mount', 'pid', 'uts', 'ipc', 'net')
      .hostname('own')
      .chroot(rootfs.path)
      .independent('procfs', 'dev')
      .tmpfs('/tmp')
      .rlimit('nofile', 64)
      .command('/bin/true'),
  'sandbox()': () => sandbox().name('boxed').command('true'),
};

describeWith(
  ['ordinary-user', 'userns', 'busybox', 'probe', 'strace'],
  'strace agrees with explain() as an ordinary user on',
  () => {
    test.each(Object.entries(containers))('%s', { timeout: 60_000 }, async (_name, make) => {
      expect((await compare(make())).parts).toBeUndefined();
    });
  },
);
