import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describeWith, expectNothingLeft, nodeWith } from '@haco/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { debootstrap, prepareRootfs } from '../index.js';

let box: string;
let target: string;

beforeEach(() => {
  box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
  // mkdtemp makes 0700, which keeps out apt's download user.
  fs.chmodSync(box, 0o755);
  target = join(box, 'target');
});

afterEach(() => {
  fs.rmSync(box, { recursive: true, force: true });
});

const release = /^VERSION_CODENAME=(\w+)/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';

describeWith(['root', 'tool:mmdebstrap'], 'a root from packages', () => {
  it(
    'is a system that runs, made from where the apt of this host gets its packages',
    { timeout: 300_000 },
    async () => {
      const spec = debootstrap(release, { target, tool: 'mmdebstrap', variant: 'minbase' });
      const lines: string[] = [];
      const result = await expectNothingLeft(() => prepareRootfs(spec, { onProgress: (line) => lines.push(line) }), {
        ignore: new RegExp(`^\\S+ ${target}`),
      });
      expect(result.isOk() || result.error).toBe(true);
      const { stdout } = spawnSync('chroot', [target, '/bin/sh', '-c', '. /etc/os-release; echo $VERSION_CODENAME']);
      expect(stdout.toString()).toBe(`${release}\n`);
      expect(lines.length).toBeGreaterThan(5);
      expect(fs.readdirSync(box)).toEqual(['target']);
      expect(fs.readdirSync(join(target, 'var/cache/apt/archives')).filter((name) => name.endsWith('.deb'))).toEqual(
        [],
      );
      expect((await prepareRootfs(spec)).isOk()).toBe(true);
    },
  );
});

describeWith(['root', 'tool:debootstrap', 'tool:mmdebstrap'], 'making a root from packages', () => {
  it.each(['debootstrap', 'mmdebstrap'] as const)(
    'with %s and cancelled in the middle leaves no process, mount or file',
    { timeout: 120_000 },
    async (tool) => {
      const controller = new AbortController();
      const spec = debootstrap(release, { target, tool, variant: 'minbase' });
      const result = await expectNothingLeft(() =>
        prepareRootfs(spec, {
          signal: controller.signal,
          onProgress: (line) => {
            // Both print "I: …" for each stage; this is one that starts other programs.
            if (/retriev|download/i.test(line)) controller.abort();
          },
        }),
      );
      expect(controller.signal.aborted, 'it had begun').toBe(true);
      expect(result._unsafeUnwrapErr()).toMatchObject({ kind: 'state', cleanup: [] });
      expect(fs.readdirSync(box)).toEqual([]);
    },
  );

  it.each(['debootstrap', 'mmdebstrap'] as const)(
    'with %s of a release that does not exist fails with what the tool said',
    { timeout: 60_000 },
    async (tool) => {
      const result = await prepareRootfs(debootstrap('nosuchrelease', { target, tool }));
      const error = result._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'tool', package: tool, cleanup: [] });
      expect(error.kind === 'tool' && error.stderr).toContain('nosuchrelease');
      expect(fs.readdirSync(box)).toEqual([]);
    },
  );
});

describeWith(['root', 'tool:mmdebstrap', 'newuidmap'], 'a root from packages, made by an ordinary user', () => {
  it('belongs to the user', { timeout: 300_000 }, async () => {
    const user = 65534;
    fs.chownSync(box, user, user);
    const index = new URL('../index.ts', import.meta.url).href;
    const script = `
      const { debootstrap, prepareRootfs } = await import(${JSON.stringify(index)});
      const spec = debootstrap(${JSON.stringify(release)}, { target: ${JSON.stringify(target)}, variant: 'minbase' });
      (await prepareRootfs(spec)).match(() => {}, (error) => { console.log(error.message); process.exitCode = 1; });`;
    const ranges = join(box, 'subid');
    fs.writeFileSync(ranges, 'nobody:700000:65536\n');
    // The user gets its range of subordinate ids in a mount namespace, where the host's own files stay as they are.
    const become = `mount --bind ${ranges} /etc/subuid && mount --bind ${ranges} /etc/subgid &&
      exec setpriv --reuid ${String(user)} --regid ${String(user)} --clear-groups "$@"`;
    const result = await expectNothingLeft(
      () =>
        spawnSync('unshare', ['--mount', 'sh', '-c', become, 'sh', ...nodeWith(script)], {
          cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
          // tsx keeps a cache there.
          env: { PATH: process.env['PATH'], HOME: box, TMPDIR: box },
          encoding: 'utf8',
        }),
      { ignore: new RegExp(`${box}/`) },
    );
    expect([result.stdout, result.stderr, result.status]).toEqual(['', '', 0]);
    expect(fs.readdirSync(box).filter((name) => name.startsWith('target'))).toEqual(['target']);
    expect(fs.statSync(join(target, 'bin/sh')).uid).toBe(user);
  });
});
