/** Attacks on the making of the file tree: a hostile root, and a root that changes while it is mounted in. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { haco, orThrow, realRuntime } from '@haco/core';
import { probeHost } from '@haco/sys';
import {
  describeWith,
  expectNothingLeft,
  makeRootfs,
  makeTemporaryDirectory,
  parseReport,
  type TestRootfs,
} from '@haco/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

let rootfs: TestRootfs;
/** A directory of the host that no container was given. */
let outside: string;
let tools: string;

function compile(name: string): string {
  const source = fileURLToPath(new URL(`./${name}.c`, import.meta.url));
  const output = join(tools, name);
  const { status, stderr } = spawnSync('gcc', ['-O1', '-Wall', '-Werror', '-o', output, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return output;
}

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
    const files = ['oom_score_adj', 'setgroups', 'uid_map', 'gid_map', 'timens_offsets', 'attr/exec', 'attr/current'];
    const paths = files.map((name) => join(outside, 'self', name));
    for (const path of paths) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, 'canary\n');
    }
    const canaries = (): readonly string[] => paths.map((path) => readFileSync(path, 'utf8'));
    const untouched = paths.map(() => 'canary\n');
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
    weak('mount --bind $outside $root/proc; chroot $root /bin/sh -c "echo 500 >/proc/self/oom_score_adj"');
    expect(canaries()).toEqual(['500\n', ...untouched.slice(1)]);
    writeFileSync(paths[0] ?? '', 'canary\n');
    // Something to reset, so that haco has a reason to write.
    writeFileSync('/proc/self/oom_score_adj', '500');
    try {
      const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
      const host = { ...realRuntime, host: () => probeHost({ fresh: true }) };
      const plain = haco({ runtime: host }).unshare('mount', 'pid').chroot(rootfs.path);
      const users = plain.unshare('user').mapUsers(ids).mapGroups(ids);
      for (const [builder, score] of [
        [plain.mount(outside, '/proc'), /^0\n$/],
        // Its root may not lower the score: that is for whoever raised it.
        [users.mount(outside, '/proc'), /^(0|500)\n$/],
      ] as const) {
        await using container = await orThrow(builder.command('/bin/sleep', '600').start());
        expect(readFileSync(`/proc/${String(container.pid)}/oom_score_adj`, 'utf8')).toMatch(score);
        void (await container.exec('/bin/true'));
        expect(canaries()).toEqual(untouched);
      }
    } finally {
      writeFileSync('/proc/self/oom_score_adj', own);
    }
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

  describe('a directory that is exchanged with a link all the time', () => {
    /** Run while the attacker swaps; how often it did. */
    async function whileSwapping(work: () => Promise<void> | void): Promise<number> {
      mkdirSync(join(outside, 'target'));
      symlinkSync(outside, rootfs.inside('/a/link'));
      const attacker = spawn(compile('swap'), [rootfs.inside('/a/dir'), rootfs.inside('/a/link')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let said = '';
      attacker.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      const ended = new Promise((resolve) => attacker.on('close', resolve));
      try {
        await work();
      } finally {
        attacker.stdin.end();
        await ended;
      }
      return Number(said);
    }

    test('gets a mount by name onto the host, although the path was checked (CVE-2021-30465)', async () => {
      let answer = '';
      const mounter = compile('string-mount');
      await whileSwapping(async () => {
        const weakened = spawn(mounter, [rootfs.inside('/a/dir/target'), join(outside, 'target'), rootfs.path]);
        weakened.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
        await new Promise((resolve) => weakened.on('close', resolve));
      });
      expect(answer).toMatch(/^outside after \d+\n$/);
    });

    test('gets none of haco’s mounts out of the root, in a hundred thousand exchanges', async () => {
      const victim = base()
        .independent('procfs')
        .tmpfs('/a/dir/target')
        .mount(rootfs.inside('/bin'), '/a/link/target')
        .mask('/a/dir/target', '/a/link/target')
        .readonlyPaths('/a/dir', '/a/link')
        .command(rootfs.probe, 'report', 'mounts');
      const seen = { mounted: 0, refused: 0 };
      let swaps = 0;
      const round = async (): Promise<void> => {
        for (let i = 0; i < 100; i++) {
          const result = await victim.run();
          if (result.isErr()) {
            const { error } = result;
            // The link leads to a path that the root doesn't have, or the walk was disturbed, or what was found was another.
            expect(error).toMatchObject({ kind: 'syscall' });
            expect('errno' in error ? error.errno : '').toMatch(/^(ENOENT|EAGAIN|EXDEV|ENOTDIR|ESTALE|EIO)$/);
            seen.refused++;
            continue;
          }
          seen.mounted++;
          const targets = parseReport(['mounts'], result.value.stdout).mounts.mounts.map(({ target }) => target);
          for (const target of targets) expect(target).toMatch(/^\/(proc|a|a\/(dir|link)(\/target)?)?$/);
          // Root, proc, and each mount that was made is one of the container's.
          expect(targets.filter((target) => target.endsWith('/target')).length).toBeGreaterThanOrEqual(2);
        }
      };
      await expectNothingLeft(async () => {
        // Some starts must have found the directory, or nothing would be shown.
        while (swaps < 100_000 || seen.mounted === 0) {
          swaps += await whileSwapping(round);
          rmSync(join(outside, 'target'), { recursive: true });
          const link = lstatSync(rootfs.inside('/a/link')).isSymbolicLink() ? '/a/link' : '/a/dir';
          rmSync(rootfs.inside(link));
          if (link === '/a/dir') spawnSync('mv', [rootfs.inside('/a/link'), rootfs.inside('/a/dir')]);
        }
      });
      expect(seen.refused).toBeGreaterThan(0);
      expect(readdirSync(outside)).toEqual(['canary']);
      expect(readFileSync(join(outside, 'canary'), 'utf8')).toBe('host\n');
      expect(existsSync(rootfs.inside('/a/dir/target'))).toBe(true);
    });
  });
});
