/** Containers that are alike but for their names have one plan, and each its own name in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { haco } from '../haco.js';
import { orThrow } from '../or-throw.js';
import { warmUp } from '../fixture.js';
import { realRuntime } from '../runtime.js';
import type { Plan } from '@haco/plan';

let rootfs: TestRootfs;
const plans = new Set<Plan>();
const runtime = {
  ...realRuntime,
  launch: (performance: Parameters<typeof realRuntime.launch>[0]) => {
    plans.add(performance.plan);
    return realRuntime.launch(performance);
  },
};

describeWith(['root', 'busybox', 'probe', 'controller:pids'], 'names', () => {
  beforeAll(async () => {
    await warmUp();
    rootfs = await makeRootfs({ shell: true });
  });
  afterAll(() => rootfs.remove());

  const named = (name: string) =>
    haco({ runtime })
      .name(name)
      .unshare('uts', 'pid', 'mount')
      .chroot(rootfs.path)
      .independent('procfs')
      .pids(20)
      .sh('hostname; cut -d: -f3 /proc/self/cgroup | grep -o "[^/]*$" | grep -v "^$" | sort -u');

  test.each([
    ['of one length', ['job-0001', 'job-0002', 'other-17'], 1],
    ['of several lengths', ['job-10', 'job-100', 'job-1000'], 3],
    ['so short that nothing can stand for them', ['a1', 'a2', 'a3'], 3],
    ['like those that are made up', ['haco-0123456789ab', 'haco-ba9876543210'], 1],
  ])('%s are those that each container sees', async (_what, names, amount) => {
    plans.clear();
    await expectNothingLeft(async () => {
      for (const name of [...names, ...names]) {
        const { stdout } = await orThrow(named(name).run());
        expect(stdout).toContain(`${name}\n`);
        for (const other of names) if (other !== name) expect(stdout).not.toMatch(new RegExp(`^${other}$`, 'm'));
      }
      const together = await Promise.all(names.map((name) => named(name).run()));
      expect(together.map((one) => one._unsafeUnwrap().stdout.split('\n')[0])).toEqual(names);
    });
    expect(plans.size).toBe(amount);
  });

  test('a name that is a path of the same spec stays that', async () => {
    for (const name of ['twin-0001', 'twin-0002']) {
      const { stdout } = await orThrow(
        haco({ runtime })
          .name(name)
          .unshare('uts', 'mount')
          .chroot(rootfs.path)
          .tmpfs('/tmp')
          .file('/tmp/twin-0001', 'content\n')
          .sh('hostname; ls /tmp; cat /tmp/twin-0001')
          .run(),
      );
      expect(stdout).toBe(`${name}\ntwin-0001\ncontent\n`);
    }
  });

  test('errors and explanations name the container that they are about', async () => {
    for (const name of ['failing-1', 'failing-2']) {
      const failed = haco({ runtime }).name(name).unshare('uts', 'mount').chroot(rootfs.path).pids(20).command('/nope');
      const { message } = (await failed.run())._unsafeUnwrapErr();
      expect(message).toContain('/nope');
      expect(String(orThrow(failed.explain()))).toContain(`haco/${name}`);
      const first = await orThrow(named(name).sh('sleep 60').start());
      expect((await named(name).run())._unsafeUnwrapErr().message).toContain(`The name "${name}" is already in use`);
      expect(first.name).toBe(name);
      await first[Symbol.asyncDispose]();
    }
  });
});
