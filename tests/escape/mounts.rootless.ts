/** The same attacks on the file tree of an ordinary user's container: what root inside must not reach is the user's own. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeToReadonlyRoot } from './readonly-root.js';
import { maskAmongExchanges } from './restricted-exchange.js';
import { attackBySwapping, mountByName } from './swapping.js';
import { terminalAmongExchanges } from './terminal-exchange.js';
import { volumeOverProc } from './volume-over-proc.js';

let rootfs: TestRootfs;
let outside: string;

const base = () => haco().unshare('user', 'mount', 'pid', 'net', 'ipc').chroot(rootfs.path);
const inNamespaces = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private'] as const;

/** The weakened way: a script that mounts by name, in namespaces of its own. */
function weak(script: string): string {
  const [file, ...args] = inNamespaces;
  const env = { ...process.env, root: rootfs.path, outside };
  const { stdout, stderr } = spawnSync(file, [...args, 'sh', '-c', script], { encoding: 'utf8', env });
  return (stdout + stderr).trim();
}

describeWith(
  ['ordinary-user', 'userns', 'compiler', 'probe', 'busybox', 'overlay'],
  'escape: mounts of an ordinary user',
  () => {
    beforeEach(async () => {
      rootfs = await makeRootfs({ shell: true, files: { '/a/dir/target/x': '', '/secret': 'secret\n', '/dev/x': '' } });
      outside = await makeTemporaryDirectory('outside');
      writeFileSync(join(outside, 'canary'), 'host\n');
      // The first wait opens what all later ones share.
      await orThrow(haco().command('/bin/sleep', '0.01').run());
    });
    afterEach(async () => {
      rmSync(outside, { recursive: true });
      await rootfs.remove();
    });

    function replaceBy(target: string, path: string): void {
      rmSync(rootfs.inside(path), { recursive: true, force: true });
      symlinkSync(target, rootfs.inside(path));
    }

    test.each([
      ['/proc', 'procfs'],
      ['/sys', 'sysfs'],
      ['/dev', 'dev'],
      ['/dev/pts', 'devpts'],
    ] as const)('a root whose %s is a symbolic link is refused', async (path, kind) => {
      for (const to of [outside, '/etc', '../../../..']) {
        replaceBy(to, path);
        const start = base().independent(kind).command('/bin/true').run();
        const error = (await expectNothingLeft(() => start))._unsafeUnwrapErr();
        expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat2', errno: 'ELOOP' });
      }
      expect(readdirSync(outside)).toEqual(['canary']);
    });

    test(
      'a directory that is exchanged with a link all the time: a mount by name goes out, none of haco’s does',
      {
        timeout: 120_000,
      },
      async () => {
        const tools = await makeTemporaryDirectory('tools');
        const race = { rootfs, outside, tools };
        expect(await mountByName(race, inNamespaces)).toMatch(/^outside after \d+\n$/);
        rmSync(join(outside, 'target'), { recursive: true });
        await rootfs.remove();
        rootfs = await makeRootfs({ shell: true, files: { '/a/dir/target/x': '' } });
        await attackBySwapping({ ...race, rootfs }, base());
        rmSync(tools, { recursive: true });
      },
    );

    test('a volume over /proc gets nothing of what is meant for the kernel (CVE-2019-16884, CVE-2025-52881)', () =>
      volumeOverProc(outside, weak, [[base().mount(outside, '/proc'), /^(0|500)\n$/]]));

    test(
      'a path that is exchanged all the time is masked in the root, or the start is refused',
      { timeout: 120_000 },
      async () => {
        const tools = await makeTemporaryDirectory('tools');
        await maskAmongExchanges({ rootfs, outside, tools }, weak, base());
        rmSync(tools, { recursive: true });
      },
    );

    test(
      'a terminal whose directory is exchanged all the time is the one of the container, or none (CVE-2025-52565)',
      { timeout: 120_000 },
      async () => {
        const tools = await makeTemporaryDirectory('tools');
        await terminalAmongExchanges({ rootfs, outside, tools }, weak, base());
        rmSync(tools, { recursive: true });
      },
    );

    test('a read-only root with a /proc of its own making is read-only from the beginning (CVE-2026-115521)', async () => {
      const readonly = haco().unshare('user', 'mount', 'pid').chroot(rootfs.path, { readonly: true });
      await writeToReadonlyRoot(rootfs, weak, [readonly, readonly.independent('procfs')]);
    });

    test('binds, contents and masks on links stay inside', async () => {
      replaceBy(outside, '/data');
      replaceBy(join(outside, 'canary'), '/dev/null');
      for (const builder of [
        base().tmpfs('/data'),
        base().file('/data/canary', 'x'),
        base().mask('/data'),
        base().overlay('/data'),
      ]) {
        // Refused, or passed over as something that isn't there.
        void (await builder.command('/bin/true').run());
        expect(readdirSync(outside)).toEqual(['canary']);
      }
      const { stdout } = await orThrow(
        base().mask('/secret').command('/bin/sh', '-c', 'cat /secret; stat -c %t:%T /secret').run(),
      );
      expect(stdout).toBe('1:3\n');
    });
  },
);
