/** Restricted paths that somebody moves out of the way, or that aren't there yet: attacks, first where nothing stands against them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let rootfs: TestRootfs;
let project: string;

async function sh(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = orThrow(await expectNothingLeft(() => builder.command('/bin/sh', '-c', script).run()));
  return (stdout + stderr).trim();
}

/** Mounted by name, read-only, as a script would do it: what the attack says there. */
function weak(script: string): string {
  const prepare = `mount --bind ${project} ${rootfs.path}/work && mount --bind ${rootfs.path}/work/.git/hooks ${rootfs.path}/work/.git/hooks && mount -o remount,bind,ro ${rootfs.path}/work/.git/hooks`;
  const args = [
    '-m',
    '--propagation',
    'private',
    'sh',
    '-c',
    `${prepare} && exec chroot ${rootfs.path} sh -c "$0"`,
    script,
  ];
  const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  return (stdout + stderr).trim();
}

const written = (): boolean => existsSync(`${project}/.git/hooks/post-commit`);
/** What makes the hook of a repository run as whoever works in it next. */
const plant = 'echo evil >.git/hooks/post-commit';
const around = `mv .git .moved && mkdir -p .git/hooks && ${plant}`;

describeWith(['root', 'probe', 'busybox', 'overlay'], 'a path that is restricted', () => {
  beforeEach(async () => {
    // The first wait opens what all later ones share.
    await orThrow(haco().command('/bin/sleep', '0.01').run());
    rootfs = await makeRootfs({ shell: true, files: { '/work/x': '', '/project/.git/hooks/sample': '' } });
    project = rootfs.inside('/project');
  });
  afterEach(() => rootfs.remove());

  const base = () => haco().unshare('mount', 'pid').chroot(rootfs.path).mount(project, '/work').workdir('/work');

  describe('below directories that can be renamed', () => {
    test('is planted anew beside a mount by name (the weakened way)', () => {
      expect(weak(`cd /work; ${plant}`)).toMatch(/Read-only file system$/);
      expect(written()).toBe(false);
      expect(weak(`cd /work; ${around}`)).toBe('');
      expect(written()).toBe(true);
    });

    test('stays in its place, and the rest can be written', async () => {
      const guarded = base().readonlyPaths('/work/.git/hooks');
      expect(await sh(guarded, plant)).toMatch(/Read-only file system$/);
      expect(await sh(guarded, around)).toMatch(/busy$/);
      expect(await sh(guarded, `rm -rf .git; ${around}`)).toMatch(/busy$/);
      expect(await sh(guarded, 'mv /work /other; cd /; echo x >/work/.git/config && cat /work/.git/config')).toMatch(
        /^x\n.*busy$/,
      );
      expect([written(), readdirSync(project)]).toEqual([false, ['.git']]);
      expect(readdirSync(`${project}/.git/hooks`)).toEqual(['sample']);
    });

    test('also for who stays where its caller was, in the tree of the host', async () => {
      const before = process.cwd();
      process.chdir(project);
      try {
        const guarded = haco().unshare('mount').readonlyPaths(`${project}/.git/hooks`);
        const run = async (script: string): Promise<string> =>
          (await orThrow(guarded.command('/bin/sh', '-c', script).run())).stderr.trim();
        expect(await run(plant)).toMatch(/Read-only file system$/);
        expect(await run(around)).toMatch(/busy$/);
        expect(await run(`cd ${project} && ${around}`)).toMatch(/busy$/);
        expect(written()).toBe(false);
      } finally {
        process.chdir(before);
      }
    });

    test('against root that may mount it holds nothing, against root without capabilities all', async () => {
      const ids = [{ inside: 0, outside: 0, count: 65_536 }];
      const guarded = base().unshare('user').mapUsers(ids).mapGroups(ids).readonlyPaths('/work/.git/hooks');
      const unmount = `umount /work/.git/hooks; ${plant}; umount /work/.git; ${around}`;
      expect(await sh(guarded, unmount)).toBe('');
      spawnSync('sh', ['-c', 'rm -r .git && mv .moved .git && rm .git/hooks/post-commit'], { cwd: project });
      expect(await sh(guarded.caps('none'), unmount)).toMatch(
        /^umount: .*not permitted\n.*Read-only file system\numount: .*not permitted\nmv: .*busy$/,
      );
      expect(written()).toBe(false);
    });
  });

  describe('and is not there', () => {
    const missing = '/work/.git/hooks/pre-push';

    test('is made by the command, when nothing is said', async () => {
      expect(await sh(base(), `echo evil >${missing}; cat ${missing}`)).toBe('evil');
    });

    test('refuses the start, where the command could make it in a tree of the host', async () => {
      const start = await expectNothingLeft(() => base().readonlyPaths(missing).command('/bin/true').run());
      const { message } = start._unsafeUnwrapErr();
      expect(message).toContain(`openat2(<root>, "${missing}"`);
      expect(message).toContain(
        'ENOENT; it is not there, and the container could make it in this tree of the host: create it first, name the directory above it, or use an overlay',
      );
      const deep = await base().readonlyPaths('/work/new/config').command('/bin/true').run();
      expect(deep._unsafeUnwrapErr().message).toContain('a directory above a read-only path is not there');
      expect(readdirSync(project)).toEqual(['.git']);
    });

    test('is made empty and closed in what vanishes with the container', async () => {
      const overlaid = haco().unshare('mount', 'pid').chroot(rootfs.path, { overlay: true });
      for (const guarded of [
        overlaid.readonlyPaths('/project/.git/config'),
        overlaid.mask('/project/.git/config'),
        base().overlay('/work').readonlyPaths('/work/.git/config').workdir('/work'),
        base().reset('mounts').chroot(rootfs.path).tmpfs('/work').mask('/work/.git/config').workdir('/work'),
      ]) {
        const told = await sh(
          guarded,
          'cd /project 2>/dev/null && [ -d .git/config ] || cd /work; touch .git/config/x; rmdir .git/config; ls -A .git/config',
        );
        expect(told).toMatch(/^touch: .*Read-only file system\nrmdir: .*busy$/);
      }
      expect(existsSync(`${project}/.git/config`)).toBe(false);
    });

    test('is passed over where nobody inside could make it', async () => {
      const kernel = base().independent('procfs').readonlyPaths('/proc/nonesuch', '/sys/nonesuch');
      expect(await sh(kernel, 'echo well')).toBe('well');
      const closed = haco()
        .unshare('mount')
        .chroot(rootfs.path, { readonly: true })
        .readonlyPaths('/project/.git/config');
      expect(await sh(closed, 'touch /project/.git/config; mv /project /p')).toMatch(
        /^touch: .*Read-only file system\nmv: .*Read-only file system$/,
      );
    });

    test('is seen when it comes later into a masked place of the host, and not when the directory above is masked', async () => {
      mkdirSync(`${project}/home`);
      const look = 'while [ ! -e /work/go ]; do sleep 0.01; done; cat /work/home/.ssh/key';
      for (const [masked, told] of [
        ['/work/home/.ssh', 'key'],
        ['/work/home', ''],
      ] as const) {
        await using container = await orThrow(base().mask(masked).command('/bin/sh', '-c', look).start());
        let text = '';
        container.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
        mkdirSync(`${project}/home/.ssh`, { recursive: true });
        writeFileSync(`${project}/home/.ssh/key`, 'key');
        writeFileSync(`${project}/go`, '');
        void (await container.wait());
        expect([masked, text]).toEqual([masked, told]);
        spawnSync('rm', ['-r', `${project}/home/.ssh`, `${project}/go`]);
      }
    });
  });
});
