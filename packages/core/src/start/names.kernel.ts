/** Containers that are alike but for their names have one plan, and each its own name in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { haco } from '../haco.js';
import { orThrow } from '../or-throw.js';
import { warmUp } from '../fixture.js';
import { realRuntime } from '../runtime.js';
import type { Part, Plan } from '@haco/plan';
import { ok } from 'neverthrow';
import { readdirSync, rmSync } from 'node:fs';

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
    plans.clear();
    for (const name of ['failing-1', 'failing-2']) {
      const failed = haco({ runtime })
        .name(name)
        .unshare('uts')
        .pids(20)
        .cgroup('pids.max', 'many')
        .command('/bin/true');
      const { message } = (await failed.run())._unsafeUnwrapErr();
      expect(message).toContain(`of haco/${name}`);
      expect(String(orThrow(failed.explain()))).toContain(`haco/${name}`);
      const first = await orThrow(named(name).sh('sleep 60').start());
      expect((await named(name).run())._unsafeUnwrapErr().message).toContain(`The name "${name}" is already in use`);
      expect(first.name).toBe(name);
      await first[Symbol.asyncDispose]();
    }
    // The second name met the plan of the first.
    expect(plans.size).toBeLessThan(6);
  });

  test('tools and effects of a part get the name, too', async () => {
    const directory = await makeTemporaryDirectory('names');
    const seen: string[] = [];
    const part: Part<'tool', object, Record<never, never>> = {
      key: 'tool',
      scope: 'container',
      empty: {},
      verbs: {},
      parse: () => ok({}),
      validate: () => [],
      plan: (_section, { facts }) => [
        {
          id: 'tool.run',
          phase: 'parent',
          label: `note ${facts.name}`,
          why: 'the test looks for it',
          from: 'tool',
          operations: [{ op: 'barrier', name: 'tool', tool: ['touch', `${directory}/${facts.name}`] }],
        },
      ],
      effects: () => ({
        before: ({ name, facts }) => {
          seen.push(name, facts.name);
          return Promise.resolve(ok(undefined));
        },
      }),
    };
    for (const name of ['tooled-1', 'tooled-2']) {
      void (await orThrow(
        haco({ parts: [part] })
          .name(name)
          .unshare('uts')
          .command('/bin/true')
          .run(),
      ));
    }
    expect(readdirSync(directory).sort()).toEqual(['tooled-1', 'tooled-2']);
    expect(seen).toEqual(['tooled-1', 'tooled-1', 'tooled-2', 'tooled-2']);
    rmSync(directory, { recursive: true });
  });

  test('content that a plan brings stays what it is', async () => {
    const text = Array.from({ length: 40_000 }, (_, index) => (index * 2_654_435_761).toString(36)).join('');
    for (const name of ['content1', 'content2']) {
      const { stdout } = await orThrow(
        haco()
          .name(name)
          .unshare('uts', 'mount')
          .chroot(rootfs.path)
          .tmpfs('/tmp')
          .file('/tmp/text', text)
          .command('/bin/cat', '/tmp/text')
          .run(),
      );
      expect(stdout === text).toBe(true);
    }
  });
});
