/** Descriptors that a container hands to Node in the middle of its start (its terminal, its system calls), while one of both is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeWith, expectNothingLeft, makeRootfs, ownLaunchers, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAtAnyMoment, killWithUnboundContainers, markedSleep, warmUp } from './fixture.js';
import { haco, orThrow, type Builder } from './index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const base = () => haco().unshare('mount', 'pid').chroot(rootfs.path).independent('procfs', 'dev').noNewPrivileges();
const kinds: Readonly<Record<string, () => Builder>> = {
  'a terminal': () => base().tty(),
  'system calls': () => base().onSyscall('getuid', () => 'continue'),
  'both, behind an init': () =>
    base()
      .tty()
      .init()
      .onSyscall('getuid', () => 'continue'),
};

/** A virtual machine takes ten times as long for each. */
const rounds = (many: number): number => (process.env['VM_RUN'] === '1' ? many / 6 : many);

/** Milliseconds of a moment within a start, or a little after it. */
const moment = (): number => Math.random() * 12;

describeWith(['root', 'busybox', 'probe', 'seccomp'], 'a container that hands out', () => {
  test.each(Object.entries(kinds))(
    '%s: killed at any moment of its start, it leaves Node neither a descriptor nor a wait',
    { timeout: 120_000 },
    async (_, make) => {
      const ends = new Map<string, number>();
      await expectNothingLeft(async () => {
        for (let round = 0; round < rounds(120); round++) {
          const run = make().command('/bin/sh', '-c', 'id -u; sleep 0.01').timeout('5s').run();
          await sleep(moment());
          for (const pid of ownLaunchers()) {
            try {
              process.kill(pid, 'SIGKILL');
            } catch {
              // It has ended by itself.
            }
          }
          const end = (await run).match(
            ({ reason }) => reason,
            ({ kind }) => kind,
          );
          ends.set(end, (ends.get(end) ?? 0) + 1);
        }
        // Whatever was killed, the next one is as ever.
        expect((await orThrow(make().command('/bin/sh', '-c', 'id -u').run())).stdout.trim()).toBe('0');
      });
      // It ended for the signal or with an error, and nothing waited until its time was up.
      expect([...ends.keys()].filter((end) => !['exited', 'signaled', 'syscall', 'state', 'io'].includes(end))).toEqual(
        [],
      );
      expect((ends.get('syscall') ?? 0) + (ends.get('signaled') ?? 0)).toBeGreaterThan(0);
    },
  );

  test.each(Object.entries(kinds))(
    '%s: called off at any moment of its start, it leaves nothing',
    { timeout: 60_000 },
    async (_, make) => {
      await expectNothingLeft(async () => {
        for (let round = 0; round < rounds(60); round++) {
          const signal = AbortSignal.timeout(Math.ceil(moment()));
          void (await make().command('/bin/sh', '-c', 'id -u; exec sleep 60').signal(signal).run());
        }
      });
    },
  );

  test('either: when Node is killed at any moment, it ends, and nothing is left', { timeout: 120_000 }, async () => {
    const index = JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)));
    const program = `
      import { haco } from ${index};
      const base = haco().unshare('mount', 'pid').chroot(${JSON.stringify(rootfs.path)}).independent('procfs', 'dev').noNewPrivileges();
      const slow = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 20, 'continue'));
      console.log('ready');
      const loop = async (builder) => { for (;;) await builder.run(); };
      void loop(base.tty().command('/bin/sh', '-c', 'id -u'));
      void loop(base.onSyscall('getuid', slow).command('/bin/sh', '-c', 'id -u'));
      void loop(base.tty().init().onSyscall('getuid', slow).command('/bin/sh', '-c', 'id -u'));
      await base.onSyscall('getuid', () => new Promise(() => {})).command('/bin/sh', '-c', 'id -u; sleep ${markedSleep}').run();`;
    await killAtAnyMoment(program, process.env['VM_RUN'] === '1' ? 3 : 10);
  });

  test('either: when Node is killed, those that gave up their bond to it end, too', { timeout: 60_000 }, async () => {
    const answered = "haco().noNewPrivileges().onSyscall('getuid', () => 'continue')";
    await killWithUnboundContainers([answered, `${answered}.unshare('pid').tty()`, 'haco().tty()']);
  });
});
