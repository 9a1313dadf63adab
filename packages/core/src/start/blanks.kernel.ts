/** Containers that are alike but for their names, arguments and environment have one plan, and each its own values in it. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

describeWith(['root', 'busybox', 'probe', 'controller:pids'], 'plans that are made once', () => {
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

  describe('arguments', () => {
    const echo = (...args: readonly string[]) =>
      haco({ runtime })
        .unshare('mount')
        .chroot(rootfs.path)
        .command('/bin/sh', '-c', 'for one; do printf "<%s>" "$one"; done', 'sh', ...args);
    const shown = (args: readonly string[]): string => args.map((arg) => `<${arg}>`).join('');
    const expectEach = async (all: readonly (readonly string[])[], amount: number): Promise<void> => {
      plans.clear();
      await expectNothingLeft(async () => {
        // Each again, after others: what a longer one has left behind isn't seen.
        for (const args of [...all, ...all]) expect((await orThrow(echo(...args).run())).stdout).toBe(shown(args));
        const together = await Promise.all(all.map((args) => echo(...args).run()));
        expect(together.map((one) => one._unsafeUnwrap().stdout)).toEqual(all.map(shown));
      });
      expect(plans.size).toBe(amount);
    };

    test.each([
      ['of any length up to 63 bytes', [['a'], ['x'.repeat(63)], [''], ['a b']], 1],
      ['of several sizes', [['x'.repeat(64)], ['x'.repeat(511)], ['x'.repeat(512)], ['x'.repeat(4095)]], 2],
      ['with letters of several bytes', [['é'.repeat(31)], ['日本'], ['é'.repeat(32)]], 2],
      [
        'that are alike',
        [
          ['same', 'same'],
          ['same', 'other'],
          ['other', 'same'],
        ],
        1,
      ],
      ['of another number', [[], ['a'], ['a', 'b']], 3],
      ['that are too long', [['x'.repeat(4096)], ['y'.repeat(4096)]], 2],
      ['that are too many', [Array.from({ length: 300 }, String), Array.from({ length: 300 }, () => 'x')], 2],
      ['that look like quotes, backslashes and patterns', [['"\\$&$1'], ['\\n\\u0000'], ["'"]], 1],
    ] as const)('%s are those that the command gets', (_what, all, amount) => expectEach(all, amount));

    test('are found behind each directory of PATH', async () => {
      for (const word of ['one', 'three']) {
        const container = haco({ runtime })
          .chroot(rootfs.path)
          .env({ PATH: '/none:/usr/none:/bin' })
          .command('echo', word);
        expect((await orThrow(container.run())).stdout).toBe(`${word}\n`);
      }
    });

    test('and variables are seen by the command, PATH as it is', async () => {
      plans.clear();
      const all = [
        { A: 'one', B: '' },
        { A: '日本', B: 'x'.repeat(63) },
        { A: '', B: 'B=2' },
      ];
      for (const env of [...all, ...all]) {
        const shell = haco({ runtime })
          .chroot(rootfs.path)
          .env(env)
          .env({ PATH: '/bin:/none' })
          .sh('echo "$A,$B,$PATH"');
        expect((await orThrow(shell.run())).stdout).toBe(`${env.A},${env.B},/bin:/none\n`);
      }
      expect(plans.size).toBe(1);
      const other = haco({ runtime }).chroot(rootfs.path).env({ A: 'one', PATH: '/none' }).command('echo', '1');
      expect((await other.run())._unsafeUnwrapErr().kind).toBe('not-found');
    });

    test('are told by errors and explanations, and bad ones are refused after good ones', async () => {
      for (const word of ['first', 'second']) {
        const container = haco({ runtime }).command('/none/such', word);
        expect((await container.run())._unsafeUnwrapErr().message).toContain('/none/such');
        expect(JSON.stringify(orThrow(container.explain()))).toContain(`"${word}"`);
        const refused = haco({ runtime }).command('/bin/true', word).cgroup('pids.max', 'many');
        const error = (await refused.run())._unsafeUnwrapErr();
        expect(JSON.stringify(error)).not.toMatch(/[a-zA-Z0-9]{60}/);
      }
      await orThrow(echo('good').run());
      expect((await echo('b\0d').run())._unsafeUnwrapErr().message).toContain('NUL');
    });

    test('are those of a handle, of a terminal and of further processes', async () => {
      for (const word of ['here', 'there']) {
        await using started = await orThrow(echo(word).start());
        expect(await text(started.stdout as NodeJS.ReadableStream)).toBe(`<${word}>`);
        expect((await orThrow(echo(word).tty().run())).stdout).toBe(`<${word}>`);
        await using held = await orThrow(echo().command('/bin/sleep', '60').start());
        expect((await orThrow(held.exec('/bin/echo', word))).stdout).toBe(`${word}\n`);
      }
    });
  });
});
