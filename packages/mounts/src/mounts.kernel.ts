/** The file tree on the real kernel: what is inside, what stays outside, and that the host never changes. */
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { haco, hostOverlay, orThrow, type Builder } from '@haco/core';
import {
  describeWith,
  expectNothingLeft,
  makeRootfs,
  makeTemporaryDirectory,
  parseReport,
  runCommand,
  type ProbeMount,
  type TestRootfs,
} from '@haco/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let rootfs: TestRootfs;
/** A directory of the host with a file, to be bound. */
let data: string;

/** All mounts that the container's process can see. */
async function mountsOf(builder: Builder): Promise<readonly ProbeMount[]> {
  const { stdout, stderr } = await orThrow(builder.command(rootfs.probe, 'report', 'mounts').run());
  if (stdout === '') throw new Error(stderr);
  return parseReport(['mounts'], stdout).mounts.mounts;
}

async function targetsOf(builder: Builder): Promise<readonly string[]> {
  return (await mountsOf(builder)).map(({ target }) => target);
}

/** Output of a script, and its errors. */
async function sh(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', script).run());
  return (stdout + stderr).trim();
}

describeWith(['root', 'probe', 'busybox', 'overlay'], 'mounts', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({
      shell: true,
      files: { '/data/inside': 'rootfs\n', '/etc/hosts': '', '/etc/resolv.conf': '' },
    });
    data = await makeTemporaryDirectory('data');
    await writeFile(join(data, 'file'), 'host\n');
    await mkdir(join(data, 'sub'));
    // The first wait opens what all later ones share.
    await orThrow(haco().command('/bin/sleep', '0.05').run());
  });
  afterAll(async () => {
    await rm(data, { recursive: true });
    await rootfs.remove();
  });

  const isolated = () => haco().unshare('mount', 'pid', 'ipc').chroot(rootfs.path).independent('procfs');

  describe('the root', () => {
    test('after pivot_root, no mount of the host is left', async () => {
      expect(await targetsOf(isolated())).toEqual(['/', '/proc']);
    });

    test('of an overlay too, which is all that is left of the host', async () => {
      const mounts = await mountsOf(
        haco().unshare('mount', 'pid').chroot(rootfs.path, { overlay: true }).independent('procfs'),
      );
      expect(mounts.map(({ target, type }) => [target, type])).toEqual([
        ['/', 'overlay'],
        ['/proc', 'proc'],
      ]);
    });

    test('of the host, under a throw-away layer: its own filesystem, and none that it mounts', async () => {
      const builder = haco().unshare('mount', 'pid').rootfs(hostOverlay()).independent('procfs');
      const script = 'cut -d" " -f5 /proc/self/mountinfo; ls /sys; rm -rf /etc && echo removed';
      expect(await expectNothingLeft(() => sh(builder, script))).toBe('/\n/proc\nremoved');
      expect(existsSync('/etc/passwd')).toBe(true);
    });

    test('by chroot beside mounts of its own: the tree is the root, and the mounts of the host stay below it', async () => {
      const builder = haco()
        .unshare('mount', 'pid')
        .chroot(rootfs.path, { mode: 'chroot' })
        .tmpfs('/tmp')
        .independent('procfs');
      expect(await sh(builder, 'cat /data/inside; pwd; : >/tmp/x && ls /tmp')).toBe('rootfs\n/\nx');
      expect(existsSync(rootfs.inside('/tmp/x'))).toBe(false);
      // What chroot(2) hides is still mounted: the plan says so, and pivot_root is what is meant without a mode.
      const mounts = orThrow(
        haco().unshare('mount').chroot(rootfs.path, { mode: 'chroot' }).command('/bin/true').explain(),
      );
      expect(String(mounts)).toContain('chroot(".")');
      expect(String(mounts)).not.toContain('pivot_root(".", ".")');
    });

    test('with chroot, the mounts are those of the host, but the tree is the root', async () => {
      expect(await sh(haco().chroot(rootfs.path), 'cat /data/inside; pwd')).toBe('rootfs\n/');
    });

    test('a throw-away layer takes every change and keeps none', async () => {
      const builder = haco()
        .unshare('mount')
        .chroot(rootfs.path, { overlay: { size: '1MiB' } });
      const before = await readdir(rootfs.path);
      const script = 'rm -r /data && mkdir /data && echo new >/data/new && ls -a /data && touch /root/x /new';
      expect(await expectNothingLeft(() => sh(builder, script))).toBe('.\n..\nnew');
      expect(await readdir(rootfs.path)).toEqual(before);
      expect(await readFile(rootfs.inside('/data/inside'), 'utf8')).toBe('rootfs\n');
    });

    test('and has the size that was asked for', async () => {
      const builder = haco()
        .unshare('mount')
        .chroot(rootfs.path, { overlay: { size: '1MiB' } });
      const output = await sh(builder, 'cat /bin/busybox /bin/busybox >/big; wc -c </big');
      expect(Number(/^\d+$/m.exec(output)?.[0])).toBeLessThanOrEqual(1_048_576);
    });

    test('a layer that is kept is there at the next start, and the root is as it was', async () => {
      const keep = join(data, 'keep');
      const kept = () => haco().unshare('mount').chroot(rootfs.path, { overlay: { keep } });
      const script = 'rm -r /data && echo first >/etc/hosts && mkdir /made && ls /';
      expect(await expectNothingLeft(() => sh(kept(), script))).toContain('made');
      expect(await sh(kept(), 'cat /etc/hosts; ls -d /made /data')).toMatch(/^first\n\/made\n.*\/data: No such file/);
      expect(await sh(haco().chroot(rootfs.path), 'cat /data/inside; ls -d /made')).toMatch(
        /^rootfs\n.*\/made: No such/,
      );
      expect(await readdir(keep)).toEqual(['upper', 'work']);
      await rm(keep, { recursive: true });
    });

    test('root of a user namespace can write into a layer that is kept', async () => {
      const home = await makeTemporaryDirectory('keep');
      const keep = join(home, 'layer');
      // Root inside must find the way.
      await chmod(home, 0o755);
      const range = { inside: 0, outside: 100_000, count: 1000 };
      const kept = haco()
        .unshare('user', 'mount')
        .mapUsers([range])
        .mapGroups([range])
        .chroot(rootfs.path, { overlay: { keep } });
      expect(await sh(kept, 'echo new >/new && cat /new')).toBe('new');
      expect(statSync(join(keep, 'upper', 'new')).uid).toBe(100_000);
      await rm(home, { recursive: true });
    });

    test('a read-only root is read-only with all mounts below it, and mounts in it are not', async () => {
      const builder = haco()
        .unshare('mount', 'pid')
        .chroot('/', { readonly: true })
        .tmpfs('/tmp')
        .independent('procfs');
      expect(await sh(builder, 'touch /x; touch /dev/shm/x; touch /tmp/x && echo written')).toMatch(
        /^written\n.*\/x.*Read-only file system\n.*\/dev\/shm\/x.*Read-only file system$/,
      );
      expect(existsSync('/tmp/x')).toBe(false);
    });

    test('of some directories of the host has no other, and mount points in memory', async () => {
      const only = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/haco-test-nothing'];
      const builder = haco()
        .unshare('mount', 'pid')
        .chroot('/', { only, readonly: true })
        .mount(data, '/srv/deep/data')
        .independent('procfs');
      const script = `ls /; cat /srv/deep/data/file; cd /usr/..; cat ${data}/file; touch /x; touch /usr/x`;
      expect(await sh(builder, script)).toMatch(
        /^bin\nlib\n(lib64\n)?proc\nsbin\nsrv\nusr\nhost\n.*No such file.*\n.*\/x.*Read-only file system\n.*\/usr\/x.*Read-only file system$/,
      );
      expect(existsSync('/srv/deep')).toBe(false);
    });

    test('a root in memory that can be written has the size of /tmp of sandbox()', async () => {
      const builder = haco()
        .unshare('mount')
        .chroot(rootfs.path, { only: ['/bin'] })
        .independent('procfs');
      // Filling it would take that much of this machine's memory.
      expect(await sh(builder, 'grep " / / " /proc/self/mountinfo')).toContain('size=262144k');
    });

    test('of some directories of another root too, which changes reach unless it is read-only', async () => {
      const builder = haco()
        .unshare('mount')
        .chroot(rootfs.path, { only: ['/bin', '/data', '/etc'] });
      const script = 'echo /*; echo new > /data/added; touch /gone /etc/up && echo both';
      expect(await sh(builder, script)).toBe('/bin /data /etc\nboth');
      expect(existsSync(rootfs.inside('/data/added'))).toBe(true);
      expect(existsSync(rootfs.inside('/gone'))).toBe(false);
      await rm(rootfs.inside('/data/added'));
      await rm(rootfs.inside('/etc/up'));
    });

    test('its directories are those of the root, wherever its links lead', async () => {
      await symlink('../../../../../../data', rootfs.inside('/above'));
      await writeFile(rootfs.inside('/plain'), '');
      const builder = haco().unshare('mount');
      const above = builder.chroot(rootfs.path, { only: ['/bin', '/above'] });
      expect(await sh(above, 'cat /above/inside')).toBe('rootfs');
      const file = (
        await builder
          .chroot(rootfs.path, { only: ['/bin', '/plain'] })
          .sh('true')
          .run()
      )._unsafeUnwrapErr();
      expect(file).toMatchObject({ kind: 'syscall', syscall: 'openat2', errno: 'ENOTDIR' });
      expect(file.message).toContain('"plain"');
      await rm(rootfs.inside('/above'));
      await rm(rootfs.inside('/plain'));
    });

    test('a missing root, or one that is a file, is an error with its step', async () => {
      const missing = join(data, 'no-such-root');
      for (const root of [missing, join(data, 'file')]) {
        for (const builder of [haco().chroot(root), haco().unshare('mount').chroot(root)]) {
          const error = await expectNothingLeft(async () =>
            (await builder.command('/bin/true').run())._unsafeUnwrapErr(),
          );
          expect(error.message).toContain(root);
        }
      }
    });
  });

  describe('binds', () => {
    test('a bind shows the directory of the host, read-only when asked', async () => {
      const writable = isolated().mount(data, '/mnt');
      expect(await sh(writable, 'cat /mnt/file; touch /mnt/made && echo made; rm /mnt/made')).toBe('host\nmade');
      const readonly = isolated().mount(data, '/mnt', { readonly: true });
      expect(await sh(readonly, 'cat /mnt/file; touch /mnt/made')).toMatch(/^host\n.*Read-only file system$/);
    });

    test('a read-only bind is read-only with the mounts below its source', async () => {
      const sub = join(data, 'sub');
      await runCommand(['mount', '-t', 'tmpfs', 'none', sub]);
      try {
        const bind = isolated().mount(data, '/mnt', { readonly: true });
        expect(await sh(bind, 'touch /mnt/sub/x')).toContain('Read-only file system');
        expect(await targetsOf(isolated().mount(data, '/mnt', { recursive: false }))).toEqual(['/', '/proc', '/mnt']);
      } finally {
        await runCommand(['umount', sub]);
      }
    });

    test('nothing in a noexec, nosuid, nodev bind is executed, privileged or a device', async () => {
      const [, , bind] = await mountsOf(isolated().mount(data, '/mnt', { noexec: true, nosuid: true, nodev: true }));
      expect(bind?.options).toMatch(/nosuid,nodev,noexec/);
    });

    test('a missing target is an error and is not made on the host', async () => {
      const error = (await isolated().mount(data, '/mnt/missing').command('/bin/true').run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', stepId: 'mounts.bind.1', syscall: 'openat2', errno: 'ENOENT' });
      expect(existsSync(rootfs.inside('/mnt/missing'))).toBe(false);
    });

    test('in a throw-away root it is made like its source: a directory or a file', async () => {
      const builder = haco()
        .unshare('mount')
        .chroot(rootfs.path, { overlay: true })
        .mount(data, '/new/a/directory')
        .mount(join(data, 'file'), '/new/a/file')
        .tmpfs('/scratch/here')
        .mount(join(data, 'file'), '/scratch/here/below/file');
      expect(await sh(builder, 'cat /new/a/directory/file /new/a/file /scratch/here/below/file')).toBe(
        'host\nhost\nhost',
      );
      expect(existsSync(rootfs.inside('/new'))).toBe(false);
    });

    test('it is never made through a link of the rootfs into a bound directory of the host', async () => {
      await symlink('/mnt', rootfs.inside('/way'));
      const builder = haco()
        .unshare('mount')
        .chroot(rootfs.path, { overlay: true })
        .mount(data, '/mnt')
        .tmpfs('/way/made')
        .command('/bin/true');
      const error = (await builder.run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat2', errno: 'EXDEV' });
      expect(existsSync(join(data, 'made'))).toBe(false);
    });

    test('a link in the rootfs leads to the rootfs, not to the host', async () => {
      await symlink('/etc', rootfs.inside('/config'));
      await symlink('../../../../../../../../data', rootfs.inside('/up'));
      const builder = isolated().tmpfs('/config').tmpfs('/up');
      expect(await targetsOf(builder)).toEqual(['/', '/proc', '/etc', '/data']);
    });

    test('later mounts of the host stay outside, unless the bind is a slave', async () => {
      const shared = join(data, 'sub');
      await runCommand(['mount', '-t', 'tmpfs', 'none', shared]);
      await runCommand(['mount', '--make-shared', shared]);
      const late = join(shared, 'late');
      await mkdir(late);
      try {
        const seen = async (builder: Builder): Promise<number> => {
          const script = 'echo ready; read _; grep -c late /proc/self/mountinfo; true';
          const container = await orThrow(builder.command('/bin/sh', '-c', script).start());
          const lines = container.stdout?.setEncoding('utf8')[Symbol.asyncIterator]();
          await lines?.next();
          await runCommand(['mount', '-t', 'tmpfs', 'none', late]);
          container.stdin?.end('\n');
          const answer = Number((await lines?.next())?.value);
          await orThrow(container.wait());
          await runCommand(['umount', late]);
          return answer;
        };
        expect(await seen(isolated().mount(shared, '/mnt'))).toBe(0);
        expect(await seen(isolated().mount(shared, '/mnt', { propagation: 'slave' }))).toBe(1);
      } finally {
        await runCommand(['umount', shared]);
      }
    });
  });

  describe('idmapped binds', () => {
    const range = { inside: 0, outside: 100_000, count: 65_536 };
    const mapped = () =>
      haco().unshare('user', 'mount').mapUsers([range]).mapGroups([range]).chroot(rootfs.path, { overlay: true });
    const script = 'stat -c %u:%g /mnt/file; echo new >/mnt/made && stat -c %u:%g /mnt/made';

    test('without the map, files of the host’s root belong to nobody', async () => {
      await chmod(data, 0o755);
      expect(await sh(mapped().mount(data, '/mnt'), script)).toMatch(/^65534:65534\n.*Permission denied$/);
    });

    test('with that of the container they belong to its root, and what it makes to the host’s', async () => {
      const builder = mapped().mount(data, '/mnt', { idmap: 'container', nosuid: true });
      expect(await expectNothingLeft(() => sh(builder, script))).toBe('0:0\n0:0');
      expect(statSync(join(data, 'made')).uid).toBe(0);
      await rm(join(data, 'made'));
      const several = builder.mount(join(data, 'sub'), '/other', { idmap: 'container', readonly: true }).init();
      expect(await sh(several, 'cat /mnt/file; touch /other/x')).toMatch(/^host\n.*Read-only file system$/);
    });

    test('with that of a namespace of somebody else', async () => {
      const other = await orThrow(
        haco()
          .unshare('user')
          .mapUsers([{ inside: 0, outside: 5000, count: 10 }])
          .mapGroups([{ inside: 0, outside: 5000, count: 10 }])
          .command('/bin/sleep', '60')
          .start(),
      );
      const userNamespace = `/proc/${String(other.pid)}/ns/user`;
      const plain = haco().unshare('mount').mount(data, '/mnt', { idmap: { userNamespace } });
      expect((await sh(plain, 'stat -c %u:%g /mnt/file')).trim()).toBe('5000:5000');
      orThrow(other.kill('SIGKILL'));
      await orThrow(other.wait());
    });

    test('a filesystem that has no such mounts says so', async () => {
      const error = (
        await mapped().mount('/proc/sys', '/mnt', { idmap: 'container', recursive: false }).command('/bin/true').run()
      )._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', syscall: 'mount_setattr', errno: 'EINVAL' });
      expect(error.message).toContain('no idmapped mounts');
    });
  });

  describe('an idmapped root', () => {
    const range = { inside: 0, outside: 100_000, count: 65_536 };
    const mapped = () => haco().unshare('user', 'mount', 'pid').mapUsers([range]).mapGroups([range]);
    const script = 'stat -c %u:%g /bin/busybox && echo new >/made && stat -c %u:%g /made && ls -n /made | cut -c1-10';
    const owners = '0:0\n0:0\n-rw-r--r--';

    test('without the map, a root of the host’s belongs to nobody', async () => {
      expect(await sh(mapped().chroot(rootfs.path), script)).toMatch(/^65534:65534\n.*Permission denied$/);
    });

    test('belongs to root inside, and what that makes to the host’s root', async () => {
      expect(await expectNothingLeft(() => sh(mapped().chroot(rootfs.path).idmapRoot(), script))).toBe(owners);
      expect(statSync(rootfs.inside('/made')).uid).toBe(0);
      await rm(rootfs.inside('/made'));
      const readonly = mapped().chroot(rootfs.path, { readonly: true }).idmapRoot();
      expect(await sh(readonly, 'touch /made')).toMatch(/Read-only file system$/);
    });

    test('below a layer, thrown away or kept', async () => {
      const overlay = mapped().chroot(rootfs.path, { overlay: true }).idmapRoot();
      expect(await expectNothingLeft(() => sh(overlay, script))).toBe(owners);
      expect(
        await sh(overlay, 'chown 5:6 /bin/busybox; stat -c %u:%g /bin/busybox; rm /bin/probe; ls /bin/probe'),
      ).toMatch(/^5:6\nls: .*No such file/);
      expect(existsSync(rootfs.inside('/made'))).toBe(false);
      const keep = join(data, 'kept,with:odd\\signs');
      const kept = mapped().chroot(rootfs.path, { overlay: { keep } }).idmapRoot();
      expect(await expectNothingLeft(() => sh(kept, script), { ignore: /kept/ })).toBe(owners);
      expect(await sh(kept, 'cat /made')).toBe('new');
      // The layer itself isn't mapped: its files are those of the container's root.
      expect(statSync(join(keep, 'upper/made')).uid).toBe(100_000);
      await rm(keep, { recursive: true });
    });

    test('with a bind mount that is mapped too', async () => {
      await chmod(data, 0o755);
      const builder = mapped().chroot(rootfs.path).idmapRoot().mount(data, '/mnt', { idmap: 'container' });
      expect(await sh(builder, 'stat -c %u:%g /mnt/file /bin/busybox')).toBe('0:0\n0:0');
    });
  });

  describe('layers', () => {
    test('a layer over a directory takes every change, with what is below unseen', async () => {
      const overlaid = isolated().mount(data, '/mnt').overlay('/mnt').overlay('/data', { mode: 0o700 });
      const script = 'rm /mnt/file && echo new >/mnt/new && ls /mnt; rm /data/*; stat -c %a /data; touch /mnt/a/b 2>&1';
      expect(await expectNothingLeft(() => sh(overlaid, script))).toMatch(/^new\nsub\n700\n/);
      expect(await readdir(data)).toEqual(['file', 'sub']);
      expect(existsSync(rootfs.inside('/data/inside'))).toBe(true);
    });

    test('mount points are made in it', async () => {
      const builder = isolated().overlay('/mnt').mount(data, '/mnt/new/place').file('/mnt/file', 'text');
      expect(await sh(builder, 'ls /mnt /mnt/new/place; cat /mnt/file')).toBe(
        '/mnt:\nfile\nnew\n\n/mnt/new/place:\nfile\nsub\ntext',
      );
      expect(existsSync(rootfs.inside('/mnt/new'))).toBe(false);
    });

    test('where there is no directory, it is an error, or passed over when optional', async () => {
      await symlink('/data', rootfs.inside('/link'));
      for (const target of ['/none', '/etc/hosts']) {
        const error = (await isolated().overlay(target).command('/bin/true').run())._unsafeUnwrapErr();
        expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat2' });
        expect(await sh(isolated().overlay(target, { optional: true }), 'echo fine')).toBe('fine');
      }
      expect(await targetsOf(isolated().overlay('/link', { optional: true }))).toEqual(['/', '/proc']);
      expect(await targetsOf(isolated().overlay('/link'))).toEqual(['/', '/proc', '/data']);
    });
  });

  describe('filesystems of the kernel', () => {
    test('procfs shows the processes of the container only', async () => {
      expect(await sh(isolated(), 'echo /proc/[0-9]*')).toBe('/proc/1');
    });

    test('dev has what programs expect, and no disk', async () => {
      const builder = isolated().independent('dev');
      expect((await sh(builder, 'ls /dev')).split(/\s+/)).toEqual([
        'fd',
        'full',
        'mqueue',
        'null',
        'ptmx',
        'pts',
        'random',
        'shm',
        'stderr',
        'stdin',
        'stdout',
        'tty',
        'urandom',
        'zero',
      ]);
      expect(
        await sh(
          builder,
          'echo x >/dev/null; head -c 3 /dev/zero | wc -c; echo y >/dev/full; ls /dev/pts; echo z >/dev/shm/z && cat /dev/shm/z',
        ),
      ).toMatch(/3\nptmx\nz\n.*No space left/);
    });

    test('the mask of the caller makes nothing unusable', async () => {
      const before = process.umask(0o077);
      try {
        const builder = haco()
          .unshare('mount')
          .chroot(rootfs.path, { overlay: true })
          .independent('dev')
          .tmpfs('/a/b')
          .user(12345);
        expect(await sh(builder, 'echo x >/dev/null && ls / /a >/dev/null && echo fine')).toBe('fine');
      } finally {
        process.umask(before);
      }
    });

    test.each([
      ['sysfs', '/sys', 'sysfs'],
      ['devtmpfs', '/dev', 'devtmpfs'],
      ['devpts', '/dev/pts', 'devpts'],
      ['shm', '/dev/shm', 'tmpfs'],
      ['mqueue', '/dev/mqueue', 'mqueue'],
      ['cgroup', '/sys/fs/cgroup', 'cgroup'],
    ] as const)('%s alone is on %s', async (name, target, type) => {
      const under = name === 'cgroup' ? (['sysfs', 'cgroup'] as const) : ([name] as const);
      const builder = isolated()
        .chroot(rootfs.path, { overlay: true })
        .unshare('net', 'cgroup')
        .independent(...under);
      const types = (await mountsOf(builder))
        .filter((mount) => mount.target.startsWith(target))
        .map((mount) => mount.type);
      expect(types.some((one) => one.startsWith(type))).toBe(true);
    });

    test('sysfs and cgroup are read-only', async () => {
      const builder = isolated().unshare('net', 'cgroup').independent('sysfs', 'cgroup');
      const mounts = await mountsOf(builder);
      const system = mounts.filter(({ target }) => target.startsWith('/sys'));
      expect(system.length).toBeGreaterThan(1);
      expect(system.filter(({ options }) => !options.startsWith('ro,'))).toEqual([]);
      expect(await sh(builder, 'ls /sys/class/net')).toBe('lo');
    });

    test('tmpfs is invisible outside, has its size, and ignores devices', async () => {
      const builder = haco().unshare('mount').chroot('/').tmpfs('/mnt', { size: '64KiB', mode: 0o700 });
      expect(
        await sh(builder, 'touch /mnt/inside; ls /mnt; stat -c %a /mnt; head -c 100000 /dev/zero >/mnt/big'),
      ).toMatch(/^inside\n700\n.*No space left/);
      expect(existsSync('/mnt/inside')).toBe(false);
    });

    test('the host resolves names inside, and only the host can change how', async () => {
      const before = statSync('/etc/hosts').ino;
      const script = 'cat /etc/hosts; echo x >>/etc/hosts; echo x >>/etc/resolv.conf';
      const output = await sh(isolated().networkEtc(), script);
      expect(output).toContain((await readFile('/etc/hosts', 'utf8')).trim());
      expect(output.match(/Read-only file system/g)).toHaveLength(2);
      expect(statSync('/etc/hosts').ino).toBe(before);
    });

    test('networkEtc() of another directory shows its files, and leaves out what it has not', async () => {
      const etc = join(data, 'netns-etc');
      await mkdir(etc, { recursive: true });
      await writeFile(join(etc, 'resolv.conf'), 'nameserver 192.0.2.7\n');
      const refused = await isolated().networkEtc(etc).command('/bin/true').run();
      expect(refused._unsafeUnwrapErr().message).toContain(join(etc, 'hosts'));
      await writeFile(join(etc, 'hosts'), '192.0.2.8 elsewhere\n');
      const script = 'cat /etc/resolv.conf /etc/hosts; echo x >/etc/hosts';
      expect(await sh(isolated().networkEtc(etc), script)).toMatch(
        /^nameserver 192\.0\.2\.7\n192\.0\.2\.8 elsewhere\n[\s\S]*Read-only file system/,
      );
    });

    test('shared memory and message queues are the container’s alone', async () => {
      const builder = isolated().unshare('ipc').independent('dev', 'shm', 'mqueue');
      const own = `haco-test-${String(process.pid)}`;
      await writeFile(`/dev/shm/${own}`, 'host');
      try {
        expect(await sh(builder, `ls /dev/shm; : >/dev/shm/inside; : >/dev/mqueue/q; ls /dev/shm /dev/mqueue`)).toBe(
          '/dev/mqueue:\nq\n\n/dev/shm:\ninside',
        );
        expect(existsSync('/dev/shm/inside')).toBe(false);
        expect(await sh(builder, 'ls /dev/shm /dev/mqueue')).toBe('/dev/mqueue:\n\n/dev/shm:');
      } finally {
        await rm(`/dev/shm/${own}`);
      }
    });
  });

  describe('in a user namespace', () => {
    test('an overlay, /dev with the devices of the host, and all filesystems of its namespaces', async () => {
      const builder = haco()
        .unshare('user', 'mount', 'pid', 'net', 'ipc', 'cgroup')
        .chroot(rootfs.path, { overlay: true })
        .independent('procfs', 'sysfs', 'dev', 'cgroup');
      expect(
        await expectNothingLeft(() =>
          sh(builder, 'echo x >/dev/null && rm -r /data && mkdir /data && ls /data /dev/pts'),
        ),
      ).toBe('/data:\n\n/dev/pts:\nptmx');
    });
  });
});
