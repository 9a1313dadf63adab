/** Further processes of a container: where they are, as whom, with which streams, and what is told when it can't be. */
import { existsSync, readFileSync } from 'node:fs';
import { describeWith, expectNothingLeft, makeRootfs, parseReport, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inside, stdoutOf, warmUp } from '../fixture.js';
import { haco, orThrow, type Builder, type Container, type ExecOptions, type HacoError } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  const passwd = 'root:x:0:0::/root:/bin/sh\nalice:x:1001:1002::/:/bin/sh\nbad:x:12abc:1::/:\n';
  rootfs = await makeRootfs({ shell: true, files: { '/etc/passwd': passwd, '/etc/group': 'staff:x:50:alice\n' } });
});
afterAll(() => rootfs.remove());

const isolated = (): Builder =>
  haco()
    .unshare('pid', 'mount', 'uts', 'ipc', 'net', 'cgroup', 'time')
    .chroot(rootfs.path)
    .independent('procfs', 'dev');

const questions = [
  'ns',
  'caps',
  'ids',
  'env',
  'cwd',
  'rlimits',
  'umask',
  'fds',
  'mounts',
  'signals',
  'hostname',
] as const;
const probe = ['/bin/probe', 'report', ...questions] as const;

async function same(builder: Builder): Promise<void> {
  const own = parseReport(questions, (await orThrow(builder.command(...probe).run())).stdout);
  await inside(builder, async (container) => {
    const theirs = parseReport(questions, (await orThrow(container.exec(...probe))).stdout);
    const { ns: _own, mounts: ownMounts, fds: _ownFds, ...rest } = own;
    expect(theirs).toMatchObject({ ...rest, fds: { fds: [{ fd: 0 }, { fd: 1 }, { fd: 2 }] } });
    expect(theirs.mounts.mounts).toHaveLength(ownMounts.mounts.length);
    const files = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;
    const first = await stdoutOf(container, { command: ['/bin/probe', 'report', 'ns'] });
    const { ns } = parseReport(['ns'], first);
    for (const file of files) {
      const link = await stdoutOf(container, { command: ['/bin/sh', '-c', `ls -l /proc/1/ns/${file}`], caps: 'all' });
      expect([file, Number(/\[(\d+)\]/.exec(link)?.[1])]).toEqual([file, ns[file]]);
    }
  });
}

describeWith(['root', 'busybox', 'probe'], 'exec', () => {
  test('is where the container is, as what the container is', { timeout: 60_000 }, async () => {
    await same(isolated().name('here').env({ A: '1', PATH: '/bin' }).workdir('/tmp').rlimit('nofile', 99));
    await same(
      isolated()
        .name('here')
        .user(1001, 1002, [50])
        .caps('net_bind_service', 'sys_ptrace')
        .noNewPrivileges()
        .env({ PATH: '/bin' }),
    );
  });

  test('is in a user namespace, too, as its root', async () => {
    const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
    const builder = haco().unshare('user', 'mount', 'pid').mapUsers(ids).mapGroups(ids);
    await inside(builder.chroot(rootfs.path).independent('procfs'), async (container) => {
      const script = 'id -u; id -g; id -G; cat /proc/self/uid_map';
      const [uid, gid, groups, map = ''] = (await stdoutOf(container, { command: ['/bin/sh', '-c', script] })).split(
        '\n',
      );
      expect([uid, gid, groups, map.trim().split(/\s+/)]).toEqual(['0', '0', '0', ['0', '100000', '65536']]);
      expect(await stdoutOf(container, { command: ['/bin/id', '-u'], user: 'alice' })).toBe('1001\n');
      const touched = await orThrow(container.exec({ command: ['/bin/cat', '/etc/shadow-of-host'], user: 1001 }));
      expect(touched.exitCode).toBe(1);
    });
  });

  test('has the root of a container that has no mount namespace, and shares what it shares', async () => {
    await inside(haco().unshare('pid').chroot(rootfs.path), async (container) => {
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'ls /bin/probe; pwd; echo $$'] })).toBe(
        '/bin/probe\n/\n2\n',
      );
    });
    await inside(haco().workdir('/tmp'), async (container) => {
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'pwd; ls -d /proc/self'] })).toBe(
        '/tmp\n/proc/self\n',
      );
    });
  });

  test('is in the groups of the container, and limited with it', async () => {
    const builder = haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').memory('64MiB').pids(4);
    await inside(builder, async (container) => {
      const [own, theirs] = await Promise.all([
        stdoutOf(container, { command: ['/bin/cat', '/proc/1/cgroup'] }),
        stdoutOf(container, { command: ['/bin/cat', '/proc/self/cgroup'] }),
      ]);
      expect(theirs).toBe(own);
      expect(own).not.toBe(readFileSync('/proc/self/cgroup', 'utf8'));
      const crowd = 'for i in 1 2 3 4 5 6; do sleep 9 & done; echo no';
      expect((await orThrow(container.exec('/bin/sh', '-c', crowd))).stderr).toContain("can't fork");
    });
  });

  test('differs in what is given', async () => {
    const builder = isolated().env({ A: '1', B: '2' }).user('alice').caps('none');
    await inside(builder, async (container) => {
      const env = await stdoutOf(container, { command: ['env'], env: { B: '3', C: '4' } });
      expect(env.split('\n').sort()).toEqual(['', 'A=1', 'B=3', 'C=4']);
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'id -u; id -g; id -G'] })).toBe(
        '1001\n1002\n1002 50\n',
      );
      expect(await stdoutOf(container, { command: ['/bin/id', '-u'], user: 'root' })).toBe('0\n');
      expect(await stdoutOf(container, { command: ['/bin/id', '-g'], user: { uid: 5, gid: 'staff' } })).toBe('50\n');
      expect(await stdoutOf(container, { command: ['/bin/pwd'], workdir: '/mnt' })).toBe('/mnt\n');
      const caps = await stdoutOf(container, { command: ['/bin/probe', 'report', 'caps'], caps: ['chown'] });
      expect(parseReport(['caps'], caps).caps).toMatchObject({ effective: '0000000000000001' });
      const limits = await orThrow(
        container.exec({ command: ['/bin/sh', '-c', 'ulimit -n'], use: (b) => b.rlimit('nofile', 33) }),
      );
      expect(limits.stdout).toBe('33\n');
      expect(await stdoutOf(container, { command: ['/bin/cat'], stdin: { text: 'typed' } })).toBe('typed');
    });
  });

  test('joins a subset: without the mount namespace it sees the files of the caller', async () => {
    await inside(isolated(), async (container) => {
      const command = ['/bin/sh', '-c', `ls ${rootfs.path}/bin/probe; hostname`] as const;
      const seen = await stdoutOf(container, { command, namespaces: ['uts', 'pid'] });
      expect(seen).toBe(`${rootfs.path}/bin/probe\n${container.name}\n`);
    });
  });

  test('ends by its own limits: time, output, an abort', async () => {
    await inside(isolated(), async (container) => {
      const forever: ExecOptions = { command: ['/bin/sh', '-c', 'while :; do echo x; done'] };
      expect(await orThrow(container.exec({ ...forever, stdout: 'null', timeout: 50 }))).toMatchObject({
        reason: 'timeout',
      });
      expect(await orThrow(container.exec({ ...forever, outputLimit: 1000 }))).toMatchObject({
        reason: 'output-limit',
      });
      const signal = AbortSignal.timeout(50);
      expect(await orThrow(container.exec({ ...forever, stdout: 'null', signal }))).toMatchObject({
        reason: 'aborted',
      });
      expect(await orThrow(container.exec('/bin/sh', '-c', 'exit 7'))).toMatchObject({ reason: 'exited', exitCode: 7 });
      expect((await orThrow(container.exec('/bin/sh', '-c', 'kill -9 $$'))).signal).toBe('SIGKILL');
    });
  });

  test('runs a hundred at a time', { timeout: 60_000 }, async () => {
    await inside(isolated().pids(500), async (container) => {
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, i) => stdoutOf(container, { command: ['/bin/echo', String(i)] })),
      );
      expect(all).toEqual(all.map((_, i) => `${String(i)}\n`));
    });
  });

  test('ends with the container', async () => {
    await inside(isolated(), async (container) => {
      const pending = container.exec('/bin/sleep', '600');
      await using process = await orThrow(container.spawn('/bin/sleep', '600'));
      orThrow(container.kill('SIGKILL'));
      expect(await orThrow(pending)).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
      expect(await orThrow(process.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
    });
  });
});

describeWith(['root', 'busybox', 'probe', 'landlock', 'seccomp'], 'exec', () => {
  test('is under the filters of the container', async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
    } as const;
    const builder = isolated()
      .noNewPrivileges()
      .seccomp(profile)
      .landlock({ read: ['/'], execute: ['/'] });
    await inside(builder, async (container) => {
      const script = 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status; mkdir /tmp/x; echo > /tmp/y';
      const { stdout: seen, stderr } = await orThrow(container.exec('/bin/sh', '-c', script));
      expect(seen).toBe('NoNewPrivs:\t1\nSeccomp:\t2\n');
      expect(stderr).toContain("can't create directory '/tmp/x': Function not implemented");
      expect(stderr).toContain("can't create /tmp/y: Permission denied");
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'spawn', () => {
  test('gives streams', async () => {
    await inside(isolated(), async (container) => {
      await using cat = await orThrow(container.spawn('/bin/cat'));
      expect(existsSync(`/proc/${String(cat.pid)}`)).toBe(true);
      const text = cat.stdout?.toArray();
      cat.stdin?.end('through the pipe');
      expect(Buffer.concat((await text) ?? []).toString()).toBe('through the pipe');
      expect((await orThrow(cat.wait())).exitCode).toBe(0);
      expect(cat.kill()._unsafeUnwrapErr().message).toBe(
        "Can't send SIGTERM to the process while the process is stopped; start it again first.",
      );
    });
  });

  test("gives a terminal of the container's own", async () => {
    await inside(isolated(), async (container) => {
      await using shell = await orThrow(
        container.spawn({ command: ['/bin/sh'], tty: { columns: 99, rows: 7 }, env: { PS1: '' } }),
      );
      let seen = '';
      shell.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      shell.stdin?.write('stty size; ls /dev/pts; exit 4\n');
      expect((await orThrow(shell.wait())).exitCode).toBe(4);
      expect(seen).toContain('7 99\r\n');
      expect(seen).toContain('0     ptmx\r\n');
    });
  });

  test('and disposing of the handle ends the process, not the container', async () => {
    await inside(isolated(), async (container) => {
      const process = await orThrow(container.spawn('/bin/sleep', '600'));
      await process[Symbol.asyncDispose]();
      expect(existsSync(`/proc/${String(process.pid)}`)).toBe(false);
      expect(await stdoutOf(container, { command: ['/bin/echo', 'alive'] })).toBe('alive\n');
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'what an exec is refused for', () => {
  const failure = async (container: Container, options: unknown): Promise<HacoError> =>
    (await container.exec(options as ExecOptions))._unsafeUnwrapErr();

  test('a container that has ended', async () => {
    const container = await orThrow(isolated().command('/bin/true').start());
    await orThrow(container.wait());
    const error = await expectNothingLeft(() => failure(container, { command: ['true'] }));
    expect(error).toMatchObject({ kind: 'state' });
    expect(error.message).toBe(
      "Can't run a command in the container while the container is stopped; start it again first.",
    );
    expect(container.explain('true')._unsafeUnwrapErr().kind).toBe('state');
  });

  test('a command, a user or a directory that is not there inside', async () => {
    await inside(isolated(), async (container) => {
      expect(await failure(container, { command: ['nonesuch'] })).toMatchObject({ kind: 'not-found', what: 'command' });
      const nobody = await failure(container, { command: ['true'], user: 'nobody-here' });
      expect(nobody).toMatchObject({ kind: 'not-found', what: 'user', subject: 'nobody-here' });
      expect(await failure(container, { command: ['true'], user: 'bad' })).toMatchObject({ kind: 'not-found' });
      const lost = await failure(container, { command: ['/bin/true'], workdir: '/nowhere' });
      expect(lost).toMatchObject({ kind: 'syscall', stepId: 'process.workdir', errno: 'ENOENT' });
    });
  });

  test('options that make no sense, all at once', async () => {
    await inside(isolated(), async (container) => {
      const options = { command: ['a\0b'], workdir: 'tmp', namespaces: ['pids'], user: -1, timeout: 'soon' };
      const error = await failure(container, options);
      if (error.kind !== 'invalid-spec') throw error;
      expect(error.issues.map(({ path }) => path).sort()).toEqual([
        'control.timeoutMs',
        'join.namespaces',
        'process.command.file',
        'process.user.uid',
        'process.workdir',
      ]);
      expect(await failure(container, {})).toMatchObject({ kind: 'invalid-spec' });
    });
  });

  test('a container that is paused, or that stops what joins it', async () => {
    // Whoever is root inside may stop any process that it sees, also before it is the command.
    const script = 'while :; do for p in /proc/[0-9]*; do [ ${p#/proc/} -gt 1 ] && kill -STOP ${p#/proc/}; done; done';
    await expectNothingLeft(async () => {
      const builder = isolated().pids(20).command('/bin/sh', '-c', script);
      await using container = await orThrow(builder.start());
      for (let i = 0; i < 5; i++) {
        const result = await container.exec({ command: ['/bin/sleep', '600'], timeout: 50 });
        const told = result.isOk() ? result.value.reason : result.error.kind;
        expect(told).toBe('timeout');
      }
    });
    await inside(haco().unshare('pid').pids(9), async (container) => {
      await orThrow(container.freeze());
      expect((await failure(container, { command: ['true'] })).message).toBe(
        "Can't run a command in the container while it is paused; thaw() it first.",
      );
      await orThrow(container.thaw());
      expect(await stdoutOf(container, { command: ['/bin/echo', 'on'] })).toBe('on\n');
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'names of users', () => {
  test('are read in the container, without following a link out', async () => {
    await using outer = await makeRootfs({ files: { '/etc/passwd': 'alice:x:0:0::/:/bin/sh\n' } });
    const outside = outer.inside('/etc/passwd');
    await inside(isolated(), async (container) => {
      const script = `rm /etc/passwd; ln -s ${outside} /etc/passwd;`;
      await orThrow(container.exec('/bin/sh', '-c', script));
      const error = (await container.exec({ command: ['id'], user: 'alice' }))._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'not-found', subject: 'alice' });
    });
  });
});
