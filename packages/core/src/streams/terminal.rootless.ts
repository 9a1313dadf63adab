/** An interactive shell in the container of an ordinary user. */
import { afterAll, beforeAll } from 'vitest';
import { describeWith, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco } from '../index.js';
import { testShell } from './terminal-fixture.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'a shell at a terminal of an ordinary user', () => {
  const inUserNamespace = () => haco().unshare('user', 'mount', 'pid', 'uts').chroot(rootfs.path);
  testShell('with a devpts of its own', () => inUserNamespace().independent('procfs', 'dev').command('/bin/sh'));
});
