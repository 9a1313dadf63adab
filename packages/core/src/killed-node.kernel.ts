/** Node is killed at any moment while it starts containers that are made in more than one go: kept, made first, mapped by others. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  describeWith,
  grantedUser,
  grantNeeds,
  makeRootfs,
  makeTemporaryDirectory,
  readMounts,
  withGrant,
  type TestRootfs,
} from '@haco/testkit';
import { killAtAnyMoment, markedSleep, warmUp } from './fixture.js';
import { haco, orThrow } from './index.js';

let rootfs: TestRootfs;
let directory = '';

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  directory = await makeTemporaryDirectory('killed');
});
afterAll(async () => {
  await rootfs.remove();
  rmSync(directory, { recursive: true });
});

// Each round loads TypeScript anew.
const rounds = process.env['VM_RUN'] === '1' ? 2 : 6;
const index = JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)));

/** Namespaces that are mounted on this file. */
const mountedOn = (file: string): readonly string[] =>
  readMounts()
    .filter(({ target }) => target === file)
    .map(({ type }) => type);

describeWith(['root', 'busybox', 'probe'], 'when Node is killed while it keeps namespaces', () => {
  // What a test that has failed didn't come to.
  afterAll(() => {
    for (const { target } of readMounts()) if (target.startsWith(`${directory}/`)) execFileSync('umount', [target]);
  });

  const names = ['mine', 'limited', 'mapped', 'unlucky'] as const;
  const program = (): string => `
    import { haco, orThrow } from ${index};
    const loop = async (builder) => { for (;;) await builder.run(); };
    const keep = (builder, name) => builder.persist('uts', ${JSON.stringify(directory)} + '/' + name).command('/bin/true');
    const mine = keep(haco().unshare('uts'), 'mine');
    await orThrow(mine.run());
    console.log('ready');
    void loop(mine);
    void loop(keep(haco().unshare('uts', 'mount', 'pid').chroot(${JSON.stringify(rootfs.path)}).pids(9), 'limited'));
    void loop(keep(haco().unshare('user', 'uts').mapUsers('auto').mapGroups('auto'), 'mapped'));
    void loop(keep(haco().unshare('uts'), 'unlucky').command('/nowhere'));
    await haco().command('/bin/sleep', '${markedSleep}').run();`;

  test(
    'each of their files is whole and can be entered, or not there, and nothing else is left',
    { timeout: 120_000 },
    async () => {
      const files = names.map((name) => join(directory, name));
      // They are meant to stay.
      const ignore = new RegExp(`^mount ${directory}/`);
      for (let round = 0; round < rounds; round++) {
        await killAtAnyMoment(program(), 1, { ignore });
        // What was kept before Node was killed is there.
        expect(mountedOn(join(directory, 'mine'))).toEqual(['nsfs']);
        for (const path of files) {
          if (!existsSync(path)) continue;
          expect([path, mountedOn(path)]).toEqual([path, ['nsfs']]);
          // The uts namespace of another user namespace is entered by those who may do everything.
          await orThrow(haco().enter('uts', { path }).command('/bin/true').run());
          execFileSync('umount', [path]);
          rmSync(path);
        }
      }
    },
  );
});

describeWith(['root', 'busybox', 'probe'], 'when Node is killed while containers wait for their start', () => {
  const program = (): string => `
    import { execFileSync } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    import { haco, orThrow } from ${index};
    const base = haco().unshare('mount', 'pid', 'uts').chroot(${JSON.stringify(rootfs.path)}).command('true');
    const builders = {
      free: haco().command('/bin/true'),
      alone: base,
      limited: base.pids(9),
      init: base.init(),
      mapped: base.unshare('user').mapUsers('auto').mapGroups('auto'),
      terminal: base.tty(),
      user: base.user(1000).caps('none'),
    };
    const fifos = Object.keys(builders).map((name) => ${JSON.stringify(directory)} + '/' + name + '.fifo');
    console.log('ready');
    // Each in turn goes on, and is given up.
    const loop = async (builder, fifo) => {
      for (;;) {
        const first = await orThrow(builder.startFifo(fifo).start());
        writeFileSync(fifo, 'x');
        await orThrow(first.wait());
        const second = await orThrow(builder.startFifo(fifo).start());
        await second[Symbol.asyncDispose]();
      }
    };
    Object.values(builders).forEach((builder, index) => void loop(builder, fifos[index]));
    const waiting = await orThrow(base.pids(9).startFifo(${JSON.stringify(directory)} + '/never.fifo').start());
    await waiting.wait();`;

  test('they end, and nothing is left', { timeout: 120_000 }, async () => {
    for (const name of ['free', 'alone', 'limited', 'init', 'mapped', 'terminal', 'user', 'never']) {
      execFileSync('mkfifo', [join(directory, `${name}.fifo`)]);
    }
    await killAtAnyMoment(program(), rounds);
  });
});

describeWith([...grantNeeds, 'busybox', 'probe'], 'when Node of a user with subordinate ids is killed', () => {
  const program = (): string => `
    import { haco } from ${index};
    const base = haco().unshare('user', 'mount', 'pid').mapUsers('auto').mapGroups('auto').chroot(${JSON.stringify(rootfs.path)}).independent('procfs');
    console.log('ready');
    const loop = async (builder) => { for (;;) await builder.run(); };
    void loop(base.command('true'));
    void loop(base.user(33, 34).sh('sleep 0.01'));
    void loop(base.init().sh('sleep 0.01'));
    void loop(base.command('/nope'));
    await base.user(33, 34).sh('sleep ${markedSleep}').run();`;

  test(
    'at any moment, also while newuidmap runs, its containers end, and nothing is left',
    { timeout: 120_000 },
    async () => {
      const grant = `${grantedUser}:200000:65536\n`;
      const wrap = (command: readonly string[]) => withGrant(command, { file: join(directory, 'ids'), grant });
      await killAtAnyMoment(program(), rounds, { wrap });
    },
  );
});

describeWith(['root', 'cgroup2'], 'when Node is killed while a container of it begins frozen', () => {
  test('it ends, although it never came so far as to be bound to Node', async () => {
    const program = `
      import { haco } from ${index};
      const sleep = ['/bin/sleep', '${markedSleep}'];
      const frozen = haco().unshare('pid').cgroup('cgroup.freeze', 1).command(...sleep);
      void frozen.name('haco-test-frozen').run();
      void frozen.unshare('user').mapUsers('nobody').mapGroups('nobody').name('haco-test-frozen-mapped').run();
      setTimeout(() => console.log('frozen'), 300);`;
    await killAtAnyMoment(program, 2);
  });
});
