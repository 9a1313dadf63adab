/** The file tree of an ordinary user's container. */
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { haco, hostOverlay, orThrow, type Builder } from '@haco/core';
import { describeWith, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overlayRoot } from './host/overlay-root.js';
import { dockerMaskedPaths, dockerReadonlyPaths } from './paths.js';

let rootfs: TestRootfs;

async function sh(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', script).run());
  return (stdout + stderr).trim();
}

describeWith(['ordinary-user', 'userns', 'probe', 'busybox', 'overlay'], 'mounts of an ordinary user', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true, files: { '/data/inside': 'rootfs\n' } });
  });
  afterAll(async () => {
    await rootfs.remove();
  });
  const isolated = () => haco().unshare('user', 'mount', 'pid', 'net', 'ipc', 'cgroup');

  test('an own root with all filesystems of its namespaces', async () => {
    const builder = isolated().chroot(rootfs.path).independent('procfs', 'sysfs', 'dev', 'cgroup').tmpfs('/tmp');
    expect(await sh(builder, 'echo /proc/[0-9]*; echo x >/dev/null && touch /tmp/x && ls /sys/class/net')).toBe(
      '/proc/1\nlo',
    );
  });

  test('a throw-away layer', async () => {
    const builder = isolated().chroot(rootfs.path, { overlay: true });
    expect(await sh(builder, 'rm -r /data && mkdir /data && touch /data/new && ls /data')).toBe('new');
    expect(await sh(haco().unshare('user').chroot(rootfs.path), 'ls /data')).toBe('inside');
  });

  test('a link with ".." that reaches the root leads there, with masks, files and layers, too', async () => {
    symlinkSync('../data', rootfs.inside('/etc/up'));
    symlinkSync('../tmp', rootfs.inside('/etc/elsewhere'));
    for (const overlay of [false, true]) {
      const root = isolated().chroot(rootfs.path, { overlay }).independent('procfs');
      const builder = root.file('/etc/up/inside', 'given\n').mask('/etc/elsewhere', '/proc/keys');
      expect(await sh(builder, 'cat /data/inside; ls -A /tmp; cut -d" " -f2,3 /proc/mounts | grep -c "^/ tmpfs"')).toBe(
        'given\n0',
      );
      expect(await sh(root.overlay('/etc/up'), 'echo new >/data/inside; cat /data/inside')).toBe('new');
    }
    expect(await readFile(rootfs.inside('/data/inside'), 'utf8')).toBe('rootfs\n');
  });

  test('the host read-only', async () => {
    const builder = isolated().chroot('/', { readonly: true }).tmpfs('/tmp');
    expect(await sh(builder, 'touch /tmp/x && ls /tmp; touch /var/tmp/x')).toMatch(/^x\n.*Read-only file system/);
  });

  test('the host under throw-away layers, of which nothing stays', async () => {
    const home = await makeTemporaryDirectory('home');
    await writeFile(join(home, 'mine'), 'before\n');
    const builder = isolated().rootfs(hostOverlay()).independent('procfs', 'dev').overlay(home);
    // A directory that has no mounts below it, also in the virtual machines.
    const script = `echo after >${home}/mine && cat ${home}/mine; touch /srv/new && ls /srv/new; touch /x; echo x >>/etc/passwd`;
    expect(await sh(builder, script)).toMatch(
      /^after\n\/srv\/new\n.*\/x.*Read-only file system\n.*\/etc\/passwd: Permission denied$/,
    );
    expect(await readFile(join(home, 'mine'), 'utf8')).toBe('before\n');
    expect(existsSync('/srv/new')).toBe(false);
    expect(await sh(builder.chroot('/', { overlay: true, readonly: true }), 'touch /srv/new')).toContain(
      'Read-only file system',
    );
    await rm(home, { recursive: true });
  });

  test('changes of a layer that is kept are told, applied and dropped', async () => {
    const home = await makeTemporaryDirectory('layer');
    const lower = join(home, 'root');
    await mkdir(join(lower, 'data'), { recursive: true });
    await writeFile(join(lower, 'data', 'old'), 'old\n');
    const root = overlayRoot({ lower, keep: join(home, 'layer') });
    const changed = isolated().chroot(root).mount(rootfs.inside('/bin'), '/bin');
    await mkdir(join(lower, 'bin'));
    expect(await sh(changed, 'rm /data/old; echo new >/data/new')).toBe('');
    const changes = ['/data/new', '/data/old'];
    expect((await orThrow(root.changes())).map(({ path }) => path)).toEqual(changes);
    expect((await orThrow(root.commit())).map(({ kind }) => kind)).toEqual(['added', 'deleted']);
    expect(await readdir(join(lower, 'data'))).toEqual(['new']);
    // What its owner may not read can't be told, but be dropped.
    await sh(changed, 'mkdir -m 0 /data/closed');
    expect((await root.changes())._unsafeUnwrapErr().kind).toBe('permission');
    await orThrow(root.discard());
    expect(await orThrow(root.changes())).toEqual([]);
    await rm(home, { recursive: true });
  });

  test('masked and read-only paths, and files with given content', async () => {
    const builder = isolated()
      .chroot(rootfs.path, { overlay: true })
      .independent({ name: 'procfs', hidepid: 'invisible' }, 'sysfs')
      .file('/etc/app.conf', 'blue\n')
      .mask(...dockerMaskedPaths, '/data')
      .readonlyPaths(...dockerReadonlyPaths, '/bin');
    const script =
      'cat /etc/app.conf /proc/interrupts; ls /data /proc/acpi /sys/firmware; touch /bin/x; echo 1 >/proc/sys/vm/drop_caches';
    expect(await sh(builder, script)).toMatch(/^blue\n[\s\S]*Read-only file system\n.*(Read-only file system|denied)$/);
  });

  test('a read-only path of a project stays in its place, and one that is not there refuses the start', async () => {
    const project = rootfs.inside('/project');
    mkdirSync(`${project}/.git/hooks`, { recursive: true });
    const work = haco().unshare('user', 'mount', 'pid').caps('none').chroot(rootfs.path).mount(project, '/mnt');
    const around = 'cd /mnt; mv .git .moved && mkdir -p .git/hooks && echo evil >.git/hooks/x; cat .git/hooks/x';
    expect((await orThrow(work.command('/bin/sh', '-c', around).run())).stdout).toBe('evil\n');
    rmSync(`${project}/.git`, { recursive: true });
    renameSync(`${project}/.moved`, `${project}/.git`);
    const guarded = work.readonlyPaths('/mnt/.git/hooks');
    const { stdout, stderr } = await orThrow(guarded.command('/bin/sh', '-c', around).run());
    expect([stdout, stderr]).toEqual(['', expect.stringMatching(/^mv: .*busy\ncat: .*No such file/)]);
    const missing = await work.readonlyPaths('/mnt/.git/config').command('/bin/true').run();
    expect(missing._unsafeUnwrapErr().message).toContain('it is not there, and the container could make it');
    expect(existsSync(`${project}/.git/config`)).toBe(false);
  });

  test('what needs a namespace that is missing is said before anything is tried', async () => {
    const builder = haco().unshare('user', 'mount').chroot(rootfs.path).independent('procfs').command('/bin/true');
    const error = (await builder.run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'permission' });
    expect(error.message).toContain('unshare("pid")');
  });
});
