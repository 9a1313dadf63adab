/** strace agreement without root: a user namespace, in which the caller maps itself, and what it allows. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeForkServer } from '@haco/sys';
import { describeWith, makeRootfs, straceWhile, type TestRootfs } from '@haco/testkit';
import { disagreement } from './agreement.js';
import { warmUp } from './fixture.js';
import { haco, orThrow, sandbox, type Builder } from './index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const threads = (): readonly number[] => readdirSync('/proc/self/task').map(Number);

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
  ['ordinary-user', 'userns', 'busybox', 'compiler', 'strace'],
  'strace agrees with explain() as an ordinary user on',
  () => {
    test.each(Object.entries(containers))('%s', { timeout: 60_000 }, async (_name, make) => {
      const builder = make();
      const plan = orThrow(builder.explain());
      closeForkServer();
      const before = threads();
      const { value, calls } = await straceWhile(process.pid, () => orThrow(builder.run()));
      closeForkServer();
      expect(value).toMatchObject({ reason: 'exited', exitCode: 0 });
      expect(disagreement(plan, calls, new Set([...before, ...threads()]))).toBeUndefined();
    });
  },
);
