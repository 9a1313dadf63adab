/** What a command is given in place of what Node has: its file mode mask and its OOM score. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, realRuntime } from '../index.js';

let rootfs: TestRootfs;
beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const look = 'umask; cat /proc/self/oom_score_adj';
const base = () => haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs');

describeWith(['root', 'busybox'], 'a command', () => {
  test('has the mask and the score that were asked for, and so have those that come later', async () => {
    await expectNothingLeft(async () => {
      await using container = orThrow(await base().umask(0o077).oomScoreAdj(500).sh(`${look}; exec sleep 60`).start());
      const { stdout } = orThrow(await container.exec('/bin/sh', '-c', look));
      expect(stdout).toBe('0077\n500\n');
    });
    const { stdout } = orThrow(await base().umask(0).oomScoreAdj(500).sh(look).run());
    expect(stdout).toBe('0000\n500\n');
  });

  // Root of a container often lacks it.
  const mayLower = realRuntime.host().capabilities.includes('sys_resource');

  test('may be spared by who has CAP_SYS_RESOURCE, also as root of a user namespace; others are told', async () => {
    const spared = base().oomScoreAdj(-500).sh(look);
    for (const builder of [spared, spared.unshare('user')]) {
      const said = (await builder.run()).match(
        ({ stdout }) => stdout,
        ({ message }) => message,
      );
      if (mayLower) expect(said).toBe('0022\n-500\n');
      else expect(said).toMatch(/^Could not set the OOM score adjustment to -500 .*EACCES; .*CAP_SYS_RESOURCE/);
    }
  });

  test('has neither from Node', async () => {
    const before = globalThis.process.umask(0o027);
    const { stdout } = orThrow(await base().sh(look).run());
    globalThis.process.umask(before);
    expect(stdout).toBe('0022\n0\n');
  });
});
