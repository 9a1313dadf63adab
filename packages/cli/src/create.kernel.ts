/** haco create, provision, archive, and run --bootstrap. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, it } from 'vitest';
import { runHaco, testHome } from './testing.js';

const home = testHome('cli-create');

const slow = { timeout: 240_000 };

/** A root of busybox alone, with two steps of provisioning. */
const text = `import { haco, shell } from '@haco/core';
const script = 'mkdir -p bin proc dev tmp etc && cp /bin/busybox bin/ && for name in sh cat; do ln -s busybox bin/$name; done';
export default haco()
  .name('rooted')
  .unshare('mount', 'pid', 'uts')
  .rootfs(shell(script, { target: process.env['ROOT'] ?? '' }))
  .provision('first', 'echo first >> /steps')
  .provision('second', process.env['BROKEN'] === undefined ? 'echo second >> /steps' : 'echo trouble >&2; exit 7')
  .command('/bin/cat', '/steps');
`;

describeWith(['root', 'busybox', 'tool:xz'], 'roots of definitions', () => {
  it('are created once, provisioned again by name, run, and packed', slow, async () => {
    const file = join(home.path, 'rooted.haco.ts');
    writeFileSync(file, text);
    const root = join(home.path, 'root');
    const env = { ROOT: root };
    await expectNothingLeft(async () => {
      const bare = await runHaco(['create', '--no-provision', file], { env });
      expect(bare).toMatchObject({ code: 0, stdout: 'Creating rootfs of rooted...\nSuccess!\n' });
      expect(existsSync(join(root, 'steps'))).toBe(false);
      const made = await runHaco(['create', file], { env });
      expect(made).toMatchObject({
        code: 0,
        stdout: 'Creating rootfs of rooted...\nprovisioned\tfirst\nprovisioned\tsecond\nSuccess!\n',
      });
      expect(made.stderr).toContain('first: + echo first\n');
      expect((await runHaco(['create', file], { env })).stdout).toBe('Creating rootfs of rooted...\nSuccess!\n');
      const again = await runHaco(['provision', '--run-only', 'second', file], { env });
      expect(again.stdout).toBe('Provisioning rootfs of rooted...\nprovisioned\tsecond\nSuccess!\n');
      const unknown = await runHaco(['provision', '-r', 'third', file], { env });
      expect([unknown.code, unknown.stderr]).toEqual([
        125,
        'haco: The spec is invalid: only[0]: "third" is no step; there are first, second.\n',
      ]);
      expect(await runHaco(['run', file], { env })).toEqual({ code: 0, stderr: '', stdout: 'first\nsecond\nsecond\n' });
      const dest = join(home.path, 'root.tar.gz');
      const packed = await runHaco(['archive', '--dest', dest, '--exclude', './steps', file], { env });
      expect(packed.stdout).toMatch(/\nCreated: .*root\.tar\.gz \(\S+iB\)\n$/);
      expect(readFileSync(dest).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
      const told = await runHaco(['archive', '-v', '--dest', dest, file], { env });
      expect(told.stderr).toContain('./bin/busybox\n');
      const dry = await runHaco(['archive', '--dry-run', '--type', 'xz', '--tar-options=--sparse', file], { env });
      expect(dry.stdout).toMatch(/\nDry-run OK: \S+iB\n$/);
      const within = await runHaco(['archive', '-d', join(root, 'own.tar'), file], { env });
      expect(within.code).toBe(125);
      expect(within.stderr).toMatch(
        /"[^"]*own\.tar" lies in the root "[^"]*", and would be packed into itself; .*\.\n$/,
      );
      expect((await runHaco(['archive', file], { env })).stderr).toBe(
        'haco: "haco archive" needs --dest FILE, e.g. --dest web.tar.zst.\n',
      );
    });
  });

  it('run --bootstrap makes the root first; a step that fails is told with its last words', slow, async () => {
    const file = join(home.path, 'booted.haco.ts');
    writeFileSync(file, text);
    await expectNothingLeft(async () => {
      const run = await runHaco(['run', '--bootstrap', file], { env: { ROOT: join(home.path, 'booted') } });
      expect([run.code, run.stdout.split('\n').slice(-3)]).toEqual([0, ['first', 'second', '']]);
      const broken = await runHaco(['create', file], { env: { ROOT: join(home.path, 'broken'), BROKEN: '1' } });
      expect(broken.code).toBe(125);
      expect(broken.stderr).toMatch(/\nhaco: .*exited with code 7[\s\S]*trouble/);
      const nowhere = await runHaco(['create', join(home.path, 'missing.haco.ts')]);
      expect([nowhere.code, nowhere.stdout]).toEqual([125, '']);
    });
  });
});
