/** Namespaces on the real kernel: what is new is new, what is joined is the same, and nothing leaks out. */
import { existsSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { haco, orThrow, type Builder } from '@haco/core';
import type { NamespaceKind } from '@haco/plan';
import {
  describeWith,
  expectNothingLeft,
  makeTemporaryDirectory,
  parseReport,
  probePath,
  runCommand,
  type ProbeAnswers,
  type ProbeCommand,
} from '@haco/testkit';
import { rm } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { kindsInOrder, rowOf } from './kinds.js';
import type { EnterTarget } from './methods.js';

/** What the probe says inside. */
async function ask<C extends ProbeCommand>(
  builder: Builder,
  ...commands: readonly C[]
): Promise<Pick<ProbeAnswers, C>> {
  const { stdout, stderr } = await orThrow(builder.command(probePath(), 'report', ...commands).run());
  if (stdout === '') throw new Error(stderr);
  return parseReport(commands, stdout);
}

/** The number of one of our own namespaces. */
function ours(kind: NamespaceKind): number {
  return Number(/\d+/.exec(readlinkSync(`/proc/self/ns/${rowOf(kind).file}`))?.[0]);
}

describeWith(['root', 'probe', 'timens'], 'namespaces', () => {
  // The first wait opens what all later ones share.
  beforeAll(async () => {
    await orThrow(haco().command('/bin/sleep', '0.5').run());
  });

  describe('unshare', () => {
    test('a container without a word shares all namespaces', async () => {
      const { ns } = await ask(haco(), 'ns');
      for (const kind of kindsInOrder) expect([kind, ns[rowOf(kind).file as 'uts']]).toEqual([kind, ours(kind)]);
    });

    test.each(kindsInOrder)('%s alone is new, all others are shared', async (kind) => {
      const { ns } = await expectNothingLeft(() => ask(haco().unshare(kind), 'ns'));
      const changed = kindsInOrder.filter((each) => ns[rowOf(each).file as 'uts'] !== ours(each));
      expect(changed).toEqual([kind]);
    });

    test('all eight at once', async () => {
      const { ns, ids } = await expectNothingLeft(() => ask(haco().unshare(...kindsInOrder), 'ns', 'ids'));
      expect(kindsInOrder.filter((each) => ns[rowOf(each).file as 'uts'] === ours(each))).toEqual([]);
      expect(ids).toMatchObject({ uid: 0, gid: 0, groups: [] });
    });

    test('System V shared memory is shared without ipc, and separate with it', async () => {
      const shm = async (builder: Builder, ...args: readonly string[]): Promise<unknown> =>
        JSON.parse((await orThrow(builder.command(probePath(), 'sysv-shm', ...args).run())).stdout);
      const { id } = (await shm(haco(), 'create')) as { readonly id: number };
      const idsIn = async (builder: Builder): Promise<readonly number[]> => {
        const { segments } = (await shm(builder, 'list')) as { readonly segments: readonly { readonly id: number }[] };
        return segments.map((segment) => segment.id);
      };
      try {
        expect(await idsIn(haco())).toContain(id);
        expect(await idsIn(haco().unshare('ipc'))).toEqual([]);
        // What is made inside is gone with its namespace.
        const { id: inside } = (await shm(haco().unshare('ipc'), 'create')) as { readonly id: number };
        expect(inside).toBeGreaterThanOrEqual(0);
        expect(await idsIn(haco())).toContain(id);
        expect(await idsIn(haco().unshare('ipc'))).toEqual([]);
      } finally {
        await shm(haco(), 'remove', String(id));
      }
      expect(await idsIn(haco())).not.toContain(id);
    });

    test('a host name set inside stays inside', async () => {
      const before = hostname();
      expect((await ask(haco().unshare('uts').hostname('inside').domainname('nis'), 'hostname')).hostname).toEqual({
        hostname: 'inside',
        domainname: 'nis',
      });
      expect((await ask(haco().name('web-1').unshare('uts'), 'hostname')).hostname.hostname).toBe('web-1');
      expect(hostname()).toBe(before);
    });

    test('the clocks of a time namespace are moved', async () => {
      const day = 86_400;
      const uptime = haco()
        .unshare('time')
        .timeOffsets({ boottimeMs: day * 1000 })
        .command('/bin/cat', '/proc/uptime');
      const outside = Number((await runCommand(['cat', '/proc/uptime'])).stdout.split(' ')[0]);
      const inside = Number((await orThrow(uptime.run())).stdout.split(' ')[0]);
      // /proc/uptime has hundredths of a second, which a difference of doubles doesn't.
      const moved = Math.round((inside - outside) * 100) / 100;
      expect(moved).toBeGreaterThanOrEqual(day);
      expect(moved).toBeLessThan(day + 60);
    });
  });

  describe('id maps', () => {
    const ids = [{ inside: 0, outside: 100_000, count: 1000 }];

    test('root inside is another user outside', async () => {
      const builder = haco()
        .unshare('user')
        .mapUsers(ids)
        .mapGroups(ids)
        .command('/bin/cat', '/proc/self/uid_map', '/proc/self/gid_map');
      const { stdout } = await orThrow(builder.run());
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.trim().split(/ +/)),
      ).toEqual([
        ['0', '100000', '1000'],
        ['0', '100000', '1000'],
      ]);
    });

    test('files of root outside are out of reach', async () => {
      const read = haco().unshare('user').command('/bin/cat', '/etc/shadow');
      expect((await orThrow(read.run())).exitCode).toBe(0);
      expect((await orThrow(read.mapUsers(ids).mapGroups(ids).run())).stderr).toContain('Permission denied');
    });

    test('root maps every id of its own namespace, and may use all of them', async () => {
      const own = (which: string) =>
        readFileSync(`/proc/self/${which}`, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.trim().split(/ +/));
      const directory = await makeTemporaryDirectory('owned');
      for (const owner of [1000, 65_534]) writeFileSync(join(directory, String(owner)), '');
      const script = `cat /proc/self/uid_map /proc/self/gid_map; chown 1000:1000 ${directory}/1000; chown 65534:65534 ${directory}/65534; stat -c %u:%g ${directory}/*`;
      const { stdout, stderr } = await orThrow(haco().unshare('user').sh(script).run());
      const lines = stdout.trim().split('\n');
      const maps = lines.slice(0, -2).map((line) => line.trim().split(/ +/));
      // Every id is called outside what it is called inside; here that is all there are.
      const same = ['uid_map', 'gid_map'].flatMap((which) =>
        own(which).map(([id = '', , count = '']) => [id, id, count]),
      );
      expect(maps).toEqual(same);
      if (own('uid_map')[0]?.[2] === '4294967295') expect(maps[0]).toEqual(['0', '0', '4294967295']);
      expect([stderr, lines.slice(-2)]).toEqual(['', ['1000:1000', '65534:65534']]);
      const owners = [1000, 65_534].map((owner) => statSync(join(directory, String(owner))));
      expect(owners.map(({ uid, gid }) => [uid, gid])).toEqual([
        [1000, 1000],
        [65_534, 65_534],
      ]);
      await rm(directory, { recursive: true });
    });

    test('self maps one id, and gives up setgroups', async () => {
      const builder = haco().unshare('user').mapUsers('self').mapGroups('self');
      const { stdout } = await orThrow(builder.command('/bin/cat', '/proc/self/uid_map', '/proc/self/setgroups').run());
      expect(stdout.trim().split(/\s+/)).toEqual(['0', '0', '1', 'deny']);
    });
  });

  describe('enter and persist', () => {
    test('a persisted namespace is entered later, replaced by the next, and gone after umount', async () => {
      const directory = await makeTemporaryDirectory('persist');
      const path = join(directory, 'uts');
      try {
        const make = haco().unshare('uts').persist('uts', path).command('/bin/true');
        await orThrow(make.hostname('first').run());
        const entered = haco().enter('uts', { path });
        expect((await ask(entered, 'hostname')).hostname.hostname).toBe('first');
        const { ino } = statSync(path);
        await orThrow(make.hostname('second').run());
        expect(statSync(path).ino).not.toBe(ino);
        expect((await ask(entered, 'hostname')).hostname.hostname).toBe('second');
        await runCommand(['umount', path]);
        expect(statSync(path).size).toBe(0);
        await orThrow(make.hostname('third').run());
        await runCommand(['umount', path]);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

    test.each(['uts', 'ipc', 'net', 'cgroup', 'user', 'time', 'mount'] as const)(
      'a persisted %s namespace is the one that is entered by its file',
      async (kind) => {
        const directory = await makeTemporaryDirectory('persist-kinds');
        const path = join(directory, kind);
        // The kernel keeps mount namespaces only below a private mount.
        await runCommand(['mount', '-t', 'tmpfs', '--make-private', 'haco-test', directory]);
        try {
          const { stdout } = await orThrow(
            haco()
              .unshare(kind)
              .persist(kind, path)
              .command('/bin/readlink', `/proc/self/ns/${rowOf(kind).file}`)
              .run(),
          );
          expect(stdout).toContain(String(statSync(path).ino));
          const entered = haco()
            .enter(kind, { path })
            .command('/bin/readlink', `/proc/self/ns/${rowOf(kind).file}`);
          expect((await orThrow(entered.run())).stdout).toBe(stdout);
        } finally {
          await runCommand(['umount', '--recursive', directory]);
          await rm(directory, { recursive: true });
        }
      },
    );

    test('a persisted pid namespace has ended with its first process, and entering it says so', async () => {
      const directory = await makeTemporaryDirectory('persist-pid');
      const path = join(directory, 'pid');
      try {
        await orThrow(haco().unshare('pid').persist('pid', path).command('/bin/true').run());
        const error = (await haco().enter('pid', { path }).command('/bin/true').run())._unsafeUnwrapErr();
        expect(error).toMatchObject({ kind: 'syscall', syscall: 'clone3', errno: 'ENOMEM' });
      } finally {
        await runCommand(['umount', path]);
        await rm(directory, { recursive: true });
      }
    });

    test('the namespaces of a running container are entered all together', async () => {
      const kinds = kindsInOrder;
      const day = 86_400;
      const host = await orThrow(
        haco()
          .unshare(...kinds)
          .timeOffsets({ boottimeMs: day * 1000 })
          .hostname('host')
          .command('/bin/sleep', '60')
          .start(),
      );
      try {
        const inside = kinds.reduce<Builder>((builder, kind) => builder.enter(kind, { container: host }), haco());
        const { ns, hostname: name, caps, clock } = await ask(inside, 'ns', 'hostname', 'caps', 'clock');
        expect(name.hostname).toBe('host');
        expect(clock.boottime - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])).toBeGreaterThan(day - 60);
        for (const kind of kinds) {
          const { file } = rowOf(kind);
          const theirs = Number(/\d+/.exec(readlinkSync(`/proc/${String(host.pid)}/ns/${file}`))?.[0]);
          expect([kind, ns[file as 'uts']]).toEqual([kind, theirs]);
        }
        // The command itself is an ordinary process again.
        expect(caps.dumpable).toBe(1);
      } finally {
        expect(host.kill('SIGKILL').isOk()).toBe(true);
        await orThrow(host.wait());
      }
    });

    test('a container that has ended is not entered, whoever has its pid now', async () => {
      const start = () => orThrow(haco().unshare('uts').command('/bin/sleep', '60').start());
      const enter = (container: EnterTarget) => haco().enter('uts', container).command('/bin/true');
      const [asked, unasked] = [await start(), await start()];
      const before = enter({ container: asked });
      expect((await orThrow(before.run())).exitCode).toBe(0);
      for (const container of [asked, unasked]) await container[Symbol.asyncDispose]();
      const { pid } = process;
      const stored = orThrow(haco.fromSpec(JSON.parse(JSON.stringify(orThrow(before.spec())))));
      // Those of another process, which lives.
      const reused = [enter({ pid, startTime: 1 }), enter({ container: { pid, startTime: 1 } })];
      await expectNothingLeft(async () => {
        for (const builder of [before, stored, enter({ container: unasked }), ...reused]) {
          for (const result of [await builder.run(), await builder.start(), await builder.pool({ size: 1 })]) {
            const error = result._unsafeUnwrapErr();
            expect(error.kind).toBe('state');
            expect(error.message).toMatch(
              /^Can't enter the uts namespace of a container while it is stopped \(its process \d+ has ended\); start it again, and enter the new one\.$/,
            );
          }
        }
      });
    });

    test('a process that is gone is an error with its step, not another namespace', async () => {
      const gone = haco().enter('net', { pid: 4_194_303 }).command('/bin/true');
      const error = (await gone.run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', stepId: 'namespaces.open', errno: 'ENOENT' });
    });

    test('a file that is no namespace is refused', async () => {
      const error = (
        await haco().enter('net', { path: '/etc/hostname' }).command('/bin/true').run()
      )._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', stepId: 'namespaces.enter.net', errno: 'EINVAL' });
    });

    test('a start that fails afterwards leaves neither the mount nor the file', async () => {
      const directory = await makeTemporaryDirectory('persist');
      const path = join(directory, 'uts');
      const failing = haco().unshare('uts').persist('uts', path).command('/no/such/command');
      expect((await failing.run())._unsafeUnwrapErr().kind).toBe('not-found');
      expect(existsSync(path)).toBe(false);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(path);
      rmSync(directory, { recursive: true });
    });

    test('what cannot be persisted leaves no container behind', async () => {
      const path = '/proc/no-such-directory/uts';
      const error = await expectNothingLeft(async () =>
        (await haco().unshare('uts').persist('uts', path).command('/bin/true').run())._unsafeUnwrapErr(),
      );
      expect(error).toMatchObject({ kind: 'syscall', stepId: 'namespaces.persist.uts' });
      expect(existsSync(path)).toBe(false);
    });
  });

  describe('settings', () => {
    const file = '/proc/sys/net/ipv4/ip_unprivileged_port_start';

    test('of its own namespaces are those that were asked for, and the host keeps its', async () => {
      const before = readFileSync(file, 'utf8');
      const builder = haco()
        .unshare('net', 'ipc')
        .sysctl('net.ipv4.ip_unprivileged_port_start', 7)
        .sysctl('kernel.msgmax', 4096);
      const { stdout } = await orThrow(builder.command('cat', file, '/proc/sys/kernel/msgmax').run());
      expect(stdout).toBe('7\n4096\n');
      expect(readFileSync(file, 'utf8')).toBe(before);
    });

    test('of the host, and of the whole machine, are refused', async () => {
      const refused = await haco().sysctl('net.ipv4.ip_forward', 1).sysctl('kernel.panic', 1).command('true').run();
      expect(refused._unsafeUnwrapErr().message).toBe(
        'The spec has 2 problems: namespaces.sysctls["net.ipv4.ip_forward"]: "net.ipv4.ip_forward" would be set for the host; the container needs a net namespace of its own; namespaces.sysctls["kernel.panic"]: "kernel.panic" is a setting of the whole machine, not of a namespace.',
      );
    });
  });
});
