/** Attacks on the making of the file tree: a hostile root, and a root that changes while it is mounted in. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haco, orThrow, realRuntime } from '@haco/core';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeToReadonlyRoot } from './readonly-root.js';
import { labelAmongExchanges, maskAmongExchanges } from './restricted-exchange.js';
import { attackBySwapping, mountByName } from './swapping.js';
import { terminalAmongExchanges } from './terminal-exchange.js';
import { volumeOverProc } from './volume-over-proc.js';

let rootfs: TestRootfs;
/** A directory of the host that no container was given. */
let outside: string;
let tools: string;

/** The weakened way: a script that mounts by name, in a mount namespace of its own. */
function weak(script: string): string {
  const { stdout, stderr } = spawnSync('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script], {
    encoding: 'utf8',
    env: { ...process.env, root: rootfs.path, outside },
  });
  return (stdout + stderr).trim();
}

/** Put something else in the place of a directory of the root. */
function replaceBy(target: string, path: string): void {
  rmSync(rootfs.inside(path), { recursive: true, force: true });
  symlinkSync(target, rootfs.inside(path));
}

const base = () => haco().unshare('mount', 'pid').chroot(rootfs.path);

describeWith(['root', 'compiler', 'probe', 'busybox', 'overlay'], 'escape: mounts', () => {
  beforeAll(async () => {
    tools = await makeTemporaryDirectory('tools');
    // The first wait opens what all later ones share.
    await orThrow(haco().command('/bin/sleep', '0.05').run());
  });
  afterAll(() => rmSync(tools, { recursive: true }));
  beforeEach(async () => {
    rootfs = await makeRootfs({ shell: true, files: { '/a/dir/target/x': '', '/secret': 'secret\n', '/dev/x': '' } });
    outside = await makeTemporaryDirectory('outside');
    writeFileSync(join(outside, 'canary'), 'host\n');
  });
  afterEach(async () => {
    rmSync(outside, { recursive: true });
    await rootfs.remove();
  });

  describe.each([
    ['/proc', 'procfs', 'mount -t proc proc $root/proc; ls $outside | grep -x self'],
    ['/sys', 'sysfs', 'mount -t sysfs sysfs $root/sys; ls $outside | grep -x kernel'],
    ['/dev', 'dev', 'mount -t tmpfs none $root/dev; touch $outside/self; ls -A $outside'],
    ['/dev/pts', 'devpts', 'mount -t devpts devpts $root/dev/pts; ls $outside | grep -x ptmx'],
    ['/dev/shm', 'shm', 'mount -t tmpfs none $root/dev/shm; touch $outside/self; ls -A $outside'],
  ] as const)('a root whose %s is a symbolic link', (path, kind, script) => {
    test('takes a mount by name to the host (the weakened way)', () => {
      replaceBy(outside, path);
      expect(weak(script)).toMatch(/^(self|kernel|ptmx)$/);
    });

    test.each(['outside', '/etc', '../../../..', '/proc/self/cwd'])('is refused, wherever it leads: %s', async (to) => {
      replaceBy(to === 'outside' ? outside : to, path);
      const start = base().independent(kind).command(rootfs.probe, 'report', 'mounts').run();
      const error = (await expectNothingLeft(() => start))._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat2', errno: 'ELOOP' });
      expect(error.message).toContain(path);
      expect(error.message).toContain('put a directory in its place in the root');
      expect(readdirSync(outside)).toEqual(['canary']);
    });
  });

  test('a bind on a link: by name on the host, with haco inside or nowhere', async () => {
    replaceBy(outside, '/a/dir');
    expect(weak('mount --bind $root/bin $root/a/dir; ls $outside | head -1')).not.toBe('canary');
    const bind = base().mount(rootfs.inside('/bin'), '/a/dir').command('/bin/true');
    expect((await bind.run())._unsafeUnwrapErr()).toMatchObject({ syscall: 'openat2', errno: 'ENOENT' });
    // The same path inside of the root is a place like others.
    mkdirSync(rootfs.inside(outside), { recursive: true });
    const { stdout } = await orThrow(base().mount(rootfs.inside('/bin'), '/a/dir').command('/bin/ls', outside).run());
    expect(stdout).toContain('busybox');
    expect(readdirSync(outside)).toEqual(['canary']);
  });

  test('a /dev/null that is a link: by name it unmasks a file of the host, with haco it masks (CVE-2025-31133)', async () => {
    replaceBy(join(outside, 'canary'), '/dev/null');
    expect(weak('mount --bind $root/dev/null $root/secret; cat $root/secret')).toBe('host');
    const { stdout } = await orThrow(
      base().mask('/secret').command('/bin/sh', '-c', 'cat /secret; stat -c %t:%T /secret').run(),
    );
    expect(stdout).toBe('1:3\n');
    expect(lstatSync(rootfs.inside('/dev/null')).isSymbolicLink()).toBe(true);
  });

  test('a volume over /proc gets nothing of what is meant for the kernel (CVE-2019-16884, CVE-2025-52881)', async () => {
    const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
    const host = { ...realRuntime, host: () => probeHost({ fresh: true }) };
    const plain = haco({ runtime: host }).unshare('mount', 'pid').chroot(rootfs.path);
    const users = plain.unshare('user').mapUsers(ids).mapGroups(ids);
    await volumeOverProc(outside, weak, [
      [plain.mount(outside, '/proc'), /^0\n$/],
      // Its root may not lower the score: that is for whoever raised it.
      [users.mount(outside, '/proc'), /^(0|500)\n$/],
    ]);
  });

  test('a read-only root with a /proc of its own making is read-only from the beginning (CVE-2026-115521)', async () => {
    const readonly = haco().unshare('mount', 'pid').chroot(rootfs.path, { readonly: true });
    await writeToReadonlyRoot(rootfs, weak, [
      readonly,
      readonly.independent('procfs'),
      haco().unshare('mount').chroot(rootfs.path, { readonly: true, overlay: true }),
    ]);
  });

  test('mount points of links are never made outside', async () => {
    replaceBy(outside, '/a/dir');
    expect(weak('mkdir $root/a/dir/made; ls $outside')).toBe('canary\nmade');
    rmSync(join(outside, 'made'), { recursive: true });
    const overlaid = haco().unshare('mount').chroot(rootfs.path, { overlay: true });
    for (const builder of [
      overlaid.tmpfs('/a/dir/made/deep'),
      overlaid.file('/a/dir/made', 'x'),
      overlaid.overlay('/a/dir'),
    ]) {
      // Refused or made inside: either way nothing is on the host.
      void (await builder.command('/bin/true').run());
      expect(readdirSync(outside)).toEqual(['canary']);
    }
  });

  test('a terminal whose directory is exchanged all the time is the one of the container, or none (CVE-2025-52565)', () =>
    terminalAmongExchanges({ rootfs, outside, tools }, weak, base()));

  test(
    'a path that is exchanged all the time is masked in the root, or the start is refused',
    { timeout: 120_000 },
    () => maskAmongExchanges({ rootfs, outside, tools }, weak, base()),
  );

  test(
    'a label goes to the kernel, or nowhere, while /proc of the root is exchanged all the time (CVE-2019-16884)',
    { timeout: 120_000 },
    () => labelAmongExchanges({ rootfs, outside, tools }, weak),
  );

  describe('a directory that is exchanged with a link all the time', () => {
    test('gets a mount by name onto the host, although the path was checked (CVE-2021-30465)', async () => {
      expect(await mountByName({ rootfs, outside, tools })).toMatch(/^outside after \d+\n$/);
    });

    test('gets none of haco’s mounts out of the root, in a hundred thousand exchanges', async () => {
      await attackBySwapping({ rootfs, outside, tools }, base());
    });
  });
});
