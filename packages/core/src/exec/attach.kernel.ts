/** Containers of other processes: joined by pid, as confined as they are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describeWith, expectNothingLeft, makeRootfs, parseReport, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { attachTo, haco, orThrow, type AttachedContainer, type Builder } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const isolated = (): Builder =>
  haco().unshare('pid', 'mount', 'uts', 'ipc', 'net').chroot(rootfs.path).independent('procfs', 'dev');

/** Start it, forget all but its pid, and attach by that. */
async function attached<T>(builder: Builder, use: (container: AttachedContainer) => Promise<T>): Promise<T> {
  return expectNothingLeft(async () => {
    await using container = await orThrow(builder.command('/bin/sleep', '600').start());
    await using other = await orThrow(attachTo({ pid: container.pid }));
    return await use(other);
  });
}

const questions = ['caps', 'ids', 'hostname', 'cwd', 'fds'] as const;

describeWith(['root', 'busybox', 'probe'], 'attachTo', () => {
  test('joins namespaces, root and groups, as the user and with the capabilities of the process', async () => {
    const builder = isolated().name('there').user(1001, 1002, [50]).caps('net_raw').noNewPrivileges().pids(9);
    await attached(builder, async (container) => {
      const theirs = parseReport(
        questions,
        (await orThrow(container.exec('/bin/probe', 'report', ...questions))).stdout,
      );
      expect(theirs).toMatchObject({
        ids: { uid: 1001, gid: 1002, groups: [50] },
        hostname: { hostname: 'there' },
        caps: {
          noNewPrivs: true,
          bounding: '0000000000002000',
          ambient: '0000000000002000',
          effective: '0000000000002000',
        },
        cwd: { cwd: '/' },
        fds: { fds: [{ fd: 0 }, { fd: 1 }, { fd: 2 }] },
      });
      const groups = await orThrow(container.exec('/bin/cat', '/proc/1/cgroup', '/proc/self/cgroup'));
      const lines = groups.stdout.trim().split('\n');
      expect(lines.slice(0, lines.length / 2)).toEqual(lines.slice(lines.length / 2));
      expect(groups.stdout).toContain('haco/there');
    });
  });

  test('joins a user namespace as its root, and its other users', async () => {
    const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
    const base = haco().unshare('user', 'mount', 'pid').mapUsers(ids).mapGroups(ids).chroot(rootfs.path);
    await attached(base, async (container) => {
      expect((await orThrow(container.exec('/bin/id', '-u'))).stdout).toBe('0\n');
    });
    await attached(base.user(7, 8), async (container) => {
      expect((await orThrow(container.exec('/bin/id'))).stdout).toContain('uid=7 gid=8');
    });
  });

  test('a terminal is one of the container', async () => {
    await attached(isolated(), async (container) => {
      const outcome = await orThrow(container.exec({ command: ['/bin/sh', '-c', 'ls /dev/pts'], tty: true }));
      expect(outcome.stdout).toBe('0     ptmx\r\n');
    });
  });

  test('takes what the spec says, when it is given, also after JSON', async () => {
    const builder = isolated().env({ A: '1' }).workdir('/tmp').rlimit('nofile', 77);
    await expectNothingLeft(async () => {
      await using container = await orThrow(builder.command('/bin/sleep', '600').start());
      const spec: unknown = JSON.parse(JSON.stringify(orThrow(builder.spec())));
      await using other = await orThrow(attachTo({ pid: container.pid, spec }));
      const { stdout } = await orThrow(other.exec('/bin/sh', '-c', 'echo $A; pwd; ulimit -n'));
      expect(stdout).toBe('1\n/tmp\n77\n');
      expect((await attachTo({ pid: container.pid, spec: { version: 2 } }))._unsafeUnwrapErr().kind).toBe(
        'invalid-spec',
      );
    });
  });

  test('any process can be attached to, in no container, too', async () => {
    await expectNothingLeft(async () => {
      const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
      await once(child, 'spawn');
      try {
        await using process = await orThrow(attachTo({ pid: child.pid ?? 0 }));
        expect((await orThrow(process.exec('/bin/echo', 'here'))).stdout).toBe('here\n');
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'attachTo refuses', () => {
  test('a pid that is nobody, that is no pid, or that is another process by now', async () => {
    await expectNothingLeft(async () => {
      const gone = await orThrow(haco().command('/bin/true').start());
      await orThrow(gone.wait());
      const missing = (await attachTo({ pid: gone.pid }))._unsafeUnwrapErr();
      expect(missing.message).toBe(
        `There is no process "${String(gone.pid)}"; it has ended, or never was; look with "ps".`,
      );
      expect((await attachTo({ pid: -1 }))._unsafeUnwrapErr().kind).toBe('invalid-spec');
      const other = (await attachTo({ pid: process.pid, startTime: 1 }))._unsafeUnwrapErr();
      expect(other).toMatchObject({ kind: 'conflict', subject: String(process.pid) });
    });
  });

  test('a process under a seccomp filter, which nobody can copy, unless the caller goes without or has the spec', async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
    } as const;
    const builder = isolated().noNewPrivileges().seccomp(profile).command('/bin/sleep', '600');
    await expectNothingLeft(async () => {
      await using container = await orThrow(builder.start());
      const { pid } = container;
      const error = (await attachTo({ pid }))._unsafeUnwrapErr();
      expect(error.kind).toBe('unsupported');
      expect(error.message).toBe(
        `This host has no way to copy the seccomp filter of process ${String(pid)}, which a process that is confined as it is needs (the kernel keeps it to itself); give the container's spec to attachTo(), or go on without by degrade: ['seccomp'].`,
      );
      const command = ['/bin/grep', '^Seccomp:', '/proc/self/status'] as const;
      await using without = await orThrow(attachTo({ pid, degrade: ['seccomp'] }));
      expect((await orThrow(without.exec(...command))).stdout).toBe('Seccomp:\t0\n');
      await using whole = await orThrow(attachTo({ pid, spec: orThrow(builder.spec()) }));
      expect((await orThrow(whole.exec(...command))).stdout).toBe('Seccomp:\t2\n');
    });
  });

  test('a container that has ended since', async () => {
    await expectNothingLeft(async () => {
      const container = await orThrow(isolated().command('/bin/sleep', '600').start());
      await using other = await orThrow(attachTo({ pid: container.pid }));
      expect(other.isRunning).toBe(true);
      await container[Symbol.asyncDispose]();
      expect(other.isRunning).toBe(false);
      expect((await other.exec('true'))._unsafeUnwrapErr().kind).toBe('state');
    });
  });
});
