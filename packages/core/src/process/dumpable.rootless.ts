/** Whoever may enter a container may also enter one whose init gave up its capabilities. */
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'a container with an init without capabilities', () => {
  test('can be entered by its owner', () =>
    expectNothingLeft(async () => {
      const inner = haco().unshare('user', 'mount', 'pid', 'uts').chroot(rootfs.path).hostname('inner');
      await using container = await orThrow(inner.caps('none').init().sh('sleep 60').start());
      const entered = haco().enter('user', { container }).enter('uts', { container }).command('/bin/hostname');
      expect((await orThrow(entered.run())).stdout).toBe('inner\n');
    }));
});
