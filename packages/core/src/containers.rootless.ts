/** Containers of an ordinary user: what works by a user namespace, and what is told when it doesn't. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, requires, type TestRootfs } from '@haco/testkit';
import { killAtAnyMoment, killWithUnboundContainers, markedSleep, warmUp } from './fixture.js';
import { haco, orThrow, type Builder, type HacoError } from './index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const { uid, gid } = userInfo();
const ended = (builder: Pick<Builder, 'run'>) => expectNothingLeft(() => orThrow(builder.run()));
const failure = async (builder: Pick<Builder, 'run'>): Promise<HacoError> =>
  (await expectNothingLeft(() => builder.run()))._unsafeUnwrapErr();

describeWith(['ordinary-user'], 'without any namespace', () => {
  test('a command runs as the caller, with its streams and its end', async () => {
    const script = 'id -u; cat; echo err >&2; exit 3';
    const outcome = await ended(haco().stdin({ text: 'in\n' }).command('/bin/sh', '-c', script));
    expect(outcome).toMatchObject({ exitCode: 3, stdout: `${String(uid)}\nin\n`, stderr: 'err\n' });
  });

  test('a limit of resources and of time holds', async () => {
    const limited = haco().rlimit('nofile', 20).command('/bin/sh', '-c', 'ulimit -n');
    expect((await ended(limited)).stdout).toBe('20\n');
    expect((await ended(haco().timeout(100).command('/bin/sleep', '20'))).reason).toBe('timeout');
  });
});

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'with a user namespace', () => {
  const isolated = () => haco().unshare('user', 'mount', 'pid', 'uts', 'ipc').chroot(rootfs.path);

  test('the caller is root inside, and still the caller outside', async () => {
    const { stdout } = await ended(
      isolated().independent('procfs').sh('id -u; id -g; cat /proc/self/uid_map; touch /tmp/mine'),
    );
    const [user, group, map = ''] = stdout.split('\n');
    expect([user, group]).toEqual(['0', '0']);
    expect(map.trim().split(/\s+/)).toEqual(['0', String(uid), '1']);
  });

  test('a self map that is asked for is the same', async () => {
    const { stdout } = await ended(
      isolated()
        .mapUsers('self')
        .mapGroups('self')
        .independent('procfs')
        .sh('cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups'),
    );
    expect(stdout.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))).toEqual([
      `0 ${String(uid)} 1`,
      `0 ${String(gid)} 1`,
      'deny',
      '',
    ]);
  });

  test('host name, processes, memory and IPC are its own', async () => {
    const builder = isolated().hostname('inner').independent('procfs').tmpfs('/tmp', { size: '1MiB' });
    const { stdout } = await ended(
      builder.sh('hostname; echo $$; ls /proc | grep -c "^[0-9]"; echo x > /tmp/file; cat /tmp/file'),
    );
    const [host, pid, processes, file] = stdout.split('\n');
    expect([host, pid, file]).toEqual(['inner', '1', 'x']);
    expect(Number(processes)).toBeLessThan(5);
  });

  test('the root changes by pivot_root, and by chroot without a mount namespace', async () => {
    expect((await ended(isolated().sh('ls /bin/probe; ls /proc/1 2>/dev/null | wc -l'))).stdout).toBe(
      '/bin/probe\n0\n',
    );
    expect((await ended(haco().unshare('user').chroot(rootfs.path).sh('ls /bin/probe; pwd'))).stdout).toBe(
      '/bin/probe\n/\n',
    );
  });

  test('a root that cannot be written stays as it is', async () => {
    const { stdout } = await ended(
      isolated().chroot(rootfs.path, { readonly: true }).sh('echo x > /etc/new || echo refused'),
    );
    expect(stdout).toBe('refused\n');
  });

  test('devices and a terminal of its own', async () => {
    const { stdout, exitCode } = await ended(
      isolated().independent('procfs', 'dev').tty().sh('echo x > /dev/null; stty size; echo y > /dev/tty'),
    );
    expect([stdout, exitCode]).toEqual(['24 80\r\ny\r\n', 0]);
  });

  test('all namespaces at once, without capabilities', async () => {
    const all = isolated().unshare('net', 'cgroup', 'time').independent('procfs').caps('none').noNewPrivileges();
    const { stdout } = await ended(
      all.sh('grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; ls /sys/class/net 2>/dev/null | wc -l'),
    );
    expect(stdout).toContain('CapEff:\t0000000000000000');
    expect(stdout).toContain('CapBnd:\t0000000000000000');
    expect(stdout).toContain('NoNewPrivs:\t1');
  });

  test('the automatic map takes the subordinate ids of the user, and is the self map without any', async () => {
    const { stdout } = await ended(
      isolated().mapUsers('auto').mapGroups('auto').independent('procfs').sh('cat /proc/self/uid_map'),
    );
    const [first = '', ...others] = stdout.trim().split('\n');
    expect(first.trim().split(/\s+/)).toEqual(['0', String(uid), '1']);
    expect(others).toHaveLength(requires('subuid', 'newuidmap').ok ? 1 : 0);
  });
});

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'what takes more privilege', () => {
  test('names the step, what is missing, and what to do', async () => {
    const cases: readonly (readonly [builder: Pick<Builder, 'run'>, message: string | RegExp])[] = [
      [
        haco().unshare('pid').command('/bin/true'),
        'Could not create the container\'s process in a new pid namespace: Creating pid namespaces needs root (CAP_SYS_ADMIN); add unshare("user"), or run it with sudo.',
      ],
      [
        haco().chroot(rootfs.path).command('/bin/true'),
        'Could not change the root directory: Changing the root needs root (CAP_SYS_CHROOT); add unshare("user"), or run it with sudo.',
      ],
      // With a group of one's own it is another sentence, or it works: see the tests of cgroups.
      ...(requires('pure-cgroup2').ok
        ? []
        : [
            [
              haco().name('x').memory('64MiB').command('/bin/true'),
              /^Could not make the group haco\/x in .*: Limits of memory need a group in .*; .*run it with sudo.*\.$/,
            ] as const,
          ]),
      [
        haco().unshare('user', 'net').persist('net', '/tmp/haco-netns').command('/bin/true'),
        /Persisting a namespace mounts it on the host, which needs root \(CAP_SYS_ADMIN\); leave persist\(\) out, or run it with sudo\.$/,
      ],
      [
        haco().enter('uts', { pid: process.pid }).command('/bin/true'),
        /Joining uts namespaces needs root \(CAP_SYS_ADMIN\) over them; enter\("user", …\) of the same owner too, or run it with sudo\.$/,
      ],
      [haco().unshare('time').timeOffsets({ boottimeMs: 1 }).command('/bin/true'), /needs root/],
    ];
    for (const [builder, message] of cases) {
      const error = await failure(builder);
      expect(error.kind).toBe('permission');
      expect(error.message).toMatch(message);
    }
  });

  test('ids that nobody granted', async () => {
    const ids = [{ inside: 0, outside: 300_000, count: 10 }];
    const error = await failure(haco().unshare('user').mapUsers(ids).mapGroups(ids).command('/bin/true'));
    expect(['permission', 'unsupported']).toContain(error.kind);
    expect(error.message).toMatch(
      /usermod --add-subuids 100000-165535 --add-subgids 100000-165535|apt-get install uidmap/,
    );
  });

  test('a user that the map does not have', async () => {
    const error = await failure(haco().unshare('user').mapUsers('self').user(1000, 1001, [44]).command('/bin/true'));
    expect(error.kind).toBe('permission');
    expect(error.message).toBe(
      'Could not become user 1000 and group 1001: The user namespace of the container has no user 1000 and no group 1001 and no group 44; ' +
        'use ids of its map (without subordinate ids only 0), or map more with mapUsers() and mapGroups().',
    );
  });

  test('another user without a user namespace', async () => {
    const error = await failure(
      haco()
        .user(uid + 1, gid)
        .command('/bin/true'),
    );
    expect(error.kind).toBe('permission');
    expect(error.message).toBe(
      `Could not become user ${String(uid + 1)} and group ${String(gid)}: Another user than the caller needs root (CAP_SETUID and CAP_SETGID); ` +
        'add unshare("user") with a map that has it, or run it with sudo.',
    );
  });

  test('a root that this user may not enter', async () => {
    const closed = join(rootfs.path, 'closed');
    mkdirSync(closed, { mode: 0o000 });
    const error = await failure(haco().unshare('user').chroot(join(closed, 'root')).command('/bin/true'));
    rmSync(closed, { recursive: true });
    expect(error.message).toMatch(/EACCES; .+\.$/);
  });
});

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'when Node of an ordinary user is killed', () => {
  const program = (root: string): string => `
    import { haco } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
    const base = haco().unshare('user', 'mount', 'pid', 'uts', 'ipc').chroot(${JSON.stringify(root)}).independent('procfs', 'dev').tmpfs('/tmp');
    console.log('ready');
    const loop = async (builder) => { for (;;) await builder.run(); };
    void loop(base.command('true'));
    void loop(base.tty().command('true'));
    void loop(haco().unshare('user', 'pid').sh('sleep ${markedSleep} & (sleep ${markedSleep} &); sleep ${markedSleep}').timeout(20));
    await base.sh('sleep ${markedSleep}').run();`;
  test('at any moment of a start, its containers end, and nothing is left', { timeout: 120_000 }, async () => {
    await killAtAnyMoment(program(rootfs.path), process.env['VM_RUN'] === '1' ? 3 : 6);
  });

  test(
    'containers end that have given up their bond to it, whatever they were made of',
    { timeout: 60_000 },
    async () => {
      await killWithUnboundContainers(['haco()', "haco().unshare('user', 'pid')", 'sandbox()']);
    },
  );
});
