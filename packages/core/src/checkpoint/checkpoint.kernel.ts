/** Containers that are saved and restored by a real CRIU. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow, realRuntime, type Container } from '../index.js';

/** Machines may keep it from root; CRIU needs it for processes of other users. */
const mayAll = realRuntime.host().capabilities.includes('sys_resource');
const slow = { timeout: 60_000 };

let rootfs: TestRootfs;
let place: string;
let directory: string;

/** Counts, in memory and in a file; says each number. */
const count = 'i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/count; sleep 0.02; done';

const base = () => haco().unshare('mount', 'pid', 'uts', 'ipc').chroot(rootfs.path).independent('procfs', 'dev');
const counting = () => base().command('/bin/sh', '-c', count);

async function counted(): Promise<number> {
  return Number(await readFile(rootfs.inside('/tmp/count'), 'utf8').catch(() => '0'));
}

/** Wait until it has counted so far. */
async function reaches(goal: number): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const now = await counted();
    if (now >= goal) return now;
    await sleep(20);
  }
  throw new Error(`it has come to ${String(await counted())} only`);
}

async function firstLine({ stdout }: Container): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

describeWith(['root', 'busybox', 'criu'], 'checkpoint() and restore()', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({
      shell: true,
      files: { '/secret/key': 'secret\n', '/data/x': '', '/more/x': '', '/all/x': '', '/etc/hosts': '' },
    });
    place = await makeTemporaryDirectory('checkpoints');
    await warmUp();
  });
  beforeEach(async () => {
    directory = join(place, 'one');
    await rm(directory, { recursive: true, force: true });
    await rm(rootfs.inside('/tmp/count'), { force: true });
  });
  afterAll(async () => {
    await rm(place, { recursive: true });
    await rootfs.remove();
  });

  test('a container goes on where it was, as one like others', slow, async () => {
    await expectNothingLeft(async () => {
      const container = await orThrow(counting().start());
      container.stdout?.resume();
      await reaches(5);
      const saved = await orThrow(container.checkpoint(directory));
      expect(saved).toEqual({ directory, name: container.name });
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
      const before = await counted();
      await sleep(100);
      expect(await counted()).toBe(before);

      await using restored = await orThrow(counting().restore(directory));
      // Its output is that of the new handle, and begins after the old one.
      expect(Number(await firstLine(restored))).toBeGreaterThanOrEqual(before);
      await reaches(before + 5);
      const inside = await orThrow(restored.exec('/bin/sh', '-c', 'echo $$; cat /proc/1/comm; hostname'));
      expect(inside.stdout).toMatch(/^\d+\nsh\n/);
      orThrow(restored.kill('SIGKILL'));
      expect(await orThrow(restored.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
    });
  });

  test('it ends by itself later, and says how', slow, async () => {
    const waiting = base().command(
      '/bin/sh',
      '-c',
      'echo 0 > /tmp/count; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 7',
    );
    await expectNothingLeft(async () => {
      const container = await orThrow(waiting.start());
      await reaches(0);
      await sleep(50);
      await orThrow(container.checkpoint(directory));
      await orThrow(container.wait());
      await writeFile(rootfs.inside('/tmp/go'), '');
      // run() restores as start() does.
      expect(await orThrow(waiting.restoreFrom(directory).run())).toMatchObject({ reason: 'exited', exitCode: 7 });
      await rm(rootfs.inside('/tmp/go'));
    });
  });

  test('with leaveRunning it goes on, and its copy can be restored beside it', slow, async () => {
    const ticking = base().stdout('null').command('/bin/sh', '-c', 'while :; do sleep 0.05; done');
    await expectNothingLeft(async () => {
      await using container = await orThrow(ticking.start());
      await orThrow(container.checkpoint(directory, { leaveRunning: true, timeout: '30s' }));
      orThrow(container.kill(0));
      await using copy = await orThrow(ticking.restore(directory));
      expect(copy.pid).not.toBe(container.pid);
      for (const one of [container, copy]) {
        expect((await orThrow(one.exec('cat', '/proc/1/comm'))).stdout).toBe('sh\n');
      }
    });
  });

  test('a restore that can not begin leaves the files alone that its output would have replaced', async () => {
    const out = join(place, 'kept');
    await writeFile(out, 'of before');
    const again = base().command('/bin/true').stdout({ file: out });
    await expectNothingLeft(async () => {
      const without = (await again.restoreFrom(directory, { criu: '/none/criu' }).run())._unsafeUnwrapErr();
      expect(without.kind).toBe('tool');
      const nowhere = (await again.restoreFrom(join(place, 'none')).run())._unsafeUnwrapErr();
      expect(nowhere.kind).toBe('not-found');
    });
    expect(await readFile(out, 'utf8')).toBe('of before');
  });

  test('its streams lead where the new definition says', slow, async () => {
    const echo = base().command(
      '/bin/sh',
      '-c',
      'while read line; do echo "out $line"; echo "err $line" >&2; done; exit 3',
    );
    const out = join(place, 'out');
    await expectNothingLeft(async () => {
      const container = await orThrow(echo.start());
      container.stdin?.write('a\n');
      expect(await firstLine(container)).toBe('out a');
      await orThrow(container.checkpoint(directory));
      await orThrow(container.wait());
      await container[Symbol.asyncDispose]();
      const fed = echo.restoreFrom(directory).stdin({ text: 'b\n' });
      expect(await orThrow(fed.run())).toMatchObject({ stdout: 'out b\n', stderr: 'err b\n', exitCode: 3 });
      const kept = await orThrow(fed.stdout({ file: out }).stderr('null').run());
      expect([kept.exitCode, await readFile(out, 'utf8')]).toEqual([3, 'out b\n']);
    });
    const counts = base()
      .command('/bin/sh', '-c', 'exec 2>&1; ' + count)
      .stdin('null')
      .stdout({ file: out });
    await expectNothingLeft(async () => {
      const container = await orThrow(counts.start());
      await reaches(3);
      await rm(directory, { recursive: true });
      await orThrow(container.checkpoint(directory));
      await orThrow(container.wait());
      // What it wrote into is a file with a position.
      const error = (await counts.stdout('pipe').restore(directory))._unsafeUnwrapErr();
      expect(error.message).toMatch(/Illegal seek.*say stdout\(\{ file \}\)/);
      const written = (await readFile(out, 'utf8')).length;
      await using restored = await orThrow(counts.stdout({ file: out, append: true }).restore(directory));
      await reaches((await counted()) + 3);
      expect((await readFile(out, 'utf8')).length).toBeGreaterThan(written);
      await restored[Symbol.asyncDispose]();
    });
  });

  test('its limits are those of the new definition, and are undone with it', slow, async () => {
    await expectNothingLeft(async () => {
      const container = await orThrow(counting().stdout('null').memory('64MiB').pids(20).start());
      await reaches(3);
      await orThrow(container.checkpoint(directory));
      await orThrow(container.wait());
      const limited = counting().name('restored').stdout('null').memory('96MiB').pids(20).timeout('20s');
      await using restored = await orThrow(limited.restore(directory));
      expect(orThrow(restored.stats()).memory?.maxBytes).toBe(96 * 2 ** 20);
      await orThrow(restored.freeze());
      const frozen = await counted();
      await sleep(150);
      expect(await counted()).toBe(frozen);
      await orThrow(restored.thaw());
      await reaches(frozen + 2);
      // All its memory is gone at once: who is killed is the container.
      const hog = await orThrow(
        restored.exec('/bin/sh', '-c', 'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo $?'),
      );
      expect(hog.usage.oomKills).toBeGreaterThan(0);
      orThrow(restored.kill('SIGKILL'));
      const outcome = await orThrow(restored.wait());
      expect(outcome.usage.oomKills).toBeGreaterThan(0);
      expect(outcome.enforced).toMatchObject({ memory: 'enforced', pids: 'enforced' });
    });
  });

  test('what confines it, its mounts and their restrictions are as before', slow, async () => {
    const data = join(place, 'data');
    await mkdir(data, { recursive: true });
    await writeFile(join(data, 'x'), 'host\n');
    const confined = base()
      .independent('sysfs')
      .chroot(rootfs.path, { readonly: true })
      .tmpfs('/tmp', { size: '1MiB' })
      .mount(data, '/data', { readonly: true })
      .file('/etc/hosts', '127.0.0.1 me\n')
      .mask('/secret', '/proc/kcore', '/proc/interrupts')
      .readonlyPaths('/proc/sys')
      .when(mayAll, (one) => one.user(1234, 1234))
      .caps('none')
      .noNewPrivileges()
      .seccomp('default')
      .rlimit('nofile', 100)
      .umask(0o077)
      .command('/bin/sh', '-c', 'echo kept > /tmp/kept; cd /tmp; read line; eval "$line"');
    const script = [
      'cat kept /data/x /etc/hosts; id -u; umask; ulimit -n; pwd',
      'grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status; ls -A /secret | wc -l; head -c 1 /proc/interrupts | wc -c',
      'touch /x /data/x /proc/sys/kernel/hostname 2>&1 | grep -c "Read-only\\|denied"; grep -c . /proc/mounts',
    ].join('; ');
    const said = async (begin: typeof confined): Promise<string> => {
      const { stdout, stderr } = await orThrow(begin.stdin({ text: `${script}\n` }).run());
      return stdout + stderr;
    };
    const fresh = await said(confined);
    expect(fresh).toMatch(/^kept\nhost\n127.0.0.1 me\n\d+\n/);
    await expectNothingLeft(async () => {
      const container = await orThrow(confined.start());
      await sleep(300);
      await orThrow(container.checkpoint(directory));
      await orThrow(container.wait());
      await container[Symbol.asyncDispose]();
      expect(await said(confined.restoreFrom(directory))).toBe(fresh);
    });
  });

  test(
    'each of several mounts of one filesystem has its own options again, and its groups are all that it sees',
    slow,
    async () => {
      const [data, more] = [join(place, 'first'), join(place, 'second')];
      for (const path of [data, more]) await mkdir(path);
      const mounted = counting()
        .unshare('cgroup')
        .memory('64MiB')
        .independent('sysfs', 'cgroup')
        .mount(data, '/data', { readonly: true })
        .mount(more, '/more', { readonly: true, noexec: true, noatime: true })
        .mount(place, '/all', { nosuid: true })
        .mask('/secret');
      const optionsOf = async (pid: number | null): Promise<readonly string[]> =>
        (await readFile(`/proc/${String(pid)}/mountinfo`, 'utf8'))
          .split('\n')
          .map((line) => line.split(' '))
          .filter(([, , , , target = '']) => /^\/(?:data|more|all|secret|sys\/fs\/cgroup.*)$/.test(target))
          .map(([, , , root = '', target = '', options = '']) =>
            [target, target.startsWith('/sys') ? root : '', ...options.split(',').sort()].join(' '),
          )
          .sort();
      await expectNothingLeft(async () => {
        const container = await orThrow(mounted.name('haco-test-mounted').start());
        container.stdout?.resume();
        await reaches(2);
        const before = await optionsOf(container.pid);
        expect(before.filter((line) => /^\/(?:data|more) .* ro/.test(line))).toHaveLength(2);
        await orThrow(container.checkpoint(directory));
        await orThrow(container.wait());
        await container[Symbol.asyncDispose]();
        await using restored = await orThrow(mounted.name('haco-test-mounted').restore(directory));
        restored.stdout?.resume();
        expect(await optionsOf(restored.pid)).toEqual(before);
        const { stdout } = await orThrow(
          restored.exec('/bin/sh', '-c', 'touch /data/x /more/x 2>&1; cat /proc/1/cgroup'),
        );
        expect(stdout.match(/Read-only file system/g)).toHaveLength(2);
        // In a namespace of its own, its group is the root.
        expect(stdout).toMatch(/:memory:\/$|^0::\/$/m);
      });
    },
  );
});
