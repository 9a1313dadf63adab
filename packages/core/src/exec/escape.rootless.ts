/** The attacks on what joins a container, by those who live in it, where both are the same ordinary user outside. */
import { copyFileSync } from 'node:fs';
import { describeWith, makeRootfs, peekPath, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, type Builder, type Runtime } from '../index.js';
import { cantOverwriteJoiner, getsNothingOfJoiners } from './escape-fixture.js';

let rootfs: TestRootfs;

const base = (runtime: Runtime) =>
  haco({ runtime }).unshare('user', 'pid', 'mount').chroot(rootfs.path).independent('procfs');
const containers: Readonly<Record<string, (runtime: Runtime) => Builder>> = {
  'root inside, with all capabilities there': base,
  'root inside, without capabilities': (runtime) => base(runtime).caps('none'),
};

describeWith(
  ['ordinary-user', 'userns', 'busybox', 'probe'],
  'whoever lives in a container of an ordinary user',
  () => {
    beforeAll(async () => {
      await warmUp();
      rootfs = await makeRootfs({ shell: true });
      copyFileSync(peekPath(), rootfs.inside('/bin/peek'));
    });
    afterAll(() => rootfs.remove());

    test.each(Object.entries(containers))(
      'gets nothing of 200 processes that join it (CVE-2016-9962): %s',
      { timeout: 120_000 },
      async (_, make) => void (await getsNothingOfJoiners(make)),
    );

    test(
      "can't overwrite the program that joins, by making it the interpreter of a command (CVE-2019-5736)",
      { timeout: 120_000 },
      () =>
        cantOverwriteJoiner(rootfs, haco().unshare('user', 'pid', 'mount').chroot(rootfs.path).independent('procfs')),
    );
  },
);
