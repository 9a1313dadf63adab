/** Attacks on what joins a container, by those who live in it; each is first shown to succeed against a weaker joiner. */
import { copyFileSync } from 'node:fs';
import { describeWith, makeRootfs, peekPath, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, type Builder, type Runtime } from '../index.js';
import { cantOverwriteJoiner, getsNothingOfJoiners } from './escape-fixture.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  copyFileSync(peekPath(), rootfs.inside('/bin/peek'));
});
afterAll(() => rootfs.remove());

const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
const containers: Readonly<Record<string, (runtime: Runtime) => Builder>> = {
  "root without a user namespace, with Docker's capabilities": (runtime) =>
    haco({ runtime }).unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').caps('docker'),
  'root of a user namespace, with all capabilities in it': (runtime) =>
    haco({ runtime })
      .unshare('user', 'pid', 'mount')
      .mapUsers(ids)
      .mapGroups(ids)
      .chroot(rootfs.path)
      .independent('procfs'),
  'a user like the one who joins': (runtime) =>
    haco({ runtime }).unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').user(1001).caps('none'),
};

describeWith(['root', 'busybox', 'probe'], 'whoever lives in a container', () => {
  test.each(Object.entries(containers))(
    'gets nothing of 200 processes that join it (CVE-2016-9962): %s',
    { timeout: 120_000 },
    async (_, make) => {
      // The way to the host, besides: a descriptor of the plan.
      expect((await getsNothingOfJoiners(make)).some((line) => line.startsWith('got fd/3'))).toBe(true);
    },
  );

  test(
    "can't overwrite the program that joins, by making it the interpreter of a command (CVE-2019-5736)",
    { timeout: 120_000 },
    () =>
      cantOverwriteJoiner(
        rootfs,
        haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').caps('docker'),
      ),
  );
});
