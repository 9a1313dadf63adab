/** haco export: bundles that another runtime runs. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHaco } from './testing.js';

let directory: string;
let rootfs: TestRootfs;

beforeAll(async () => {
  directory = await makeTemporaryDirectory('cli-export');
  rootfs = await makeRootfs({ shell: true });
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await rootfs.remove();
});

const slow = { timeout: 120_000 };

function definition(name: string, text: string): string {
  const file = join(directory, `${name}.haco.ts`);
  writeFileSync(
    file,
    `import { cluster, haco } from '@haco/core';
     const base = haco().unshare('mount', 'pid', 'uts').chroot(${JSON.stringify(rootfs.path)}).independent('procfs', 'dev');
     export default ${text};`,
  );
  return file;
}

describeWith(['root', 'busybox', 'probe', 'tool:runc'], 'an exported definition', () => {
  it('runs in runc as in haco', slow, async () => {
    const file = definition('web', "base.name('haco-test-export').sh('hostname; exit 3')");
    const bundle = join(directory, 'web');
    expect(await runHaco(['export', '--dest', bundle, file])).toEqual({ code: 0, stderr: '', stdout: `${bundle}\n` });
    const here = await expectNothingLeft(() => runHaco(['run', file]));
    const state = join(directory, 'runc');
    const there = spawnSync('runc', ['--root', state, 'run', '--bundle', bundle, 'haco-test-export'], {
      encoding: 'utf8',
    });
    expect([there.status, there.stdout]).toEqual([3, 'haco-test-export\n']);
    expect([here.code, here.stdout]).toEqual([there.status, there.stdout]);
  });

  it('of which something can’t be said is refused, unless that is accepted', slow, async () => {
    const file = definition('timed', "base.name('timed').command('/bin/true').timeout('1h')");
    const bundle = join(directory, 'timed');
    const refused = await runHaco(['export', '-d', bundle, file]);
    expect([refused.code, refused.stderr]).toEqual([
      125,
      expect.stringMatching(/^haco: The spec is invalid: control.timeoutMs: .*"accept".*\n$/),
    ]);
    const written = await runHaco(['export', '-d', bundle, '--accept', 'control.timeoutMs', file]);
    expect([written.code, written.stdout]).toEqual([0, `${bundle}\n`]);
    expect(written.stderr).toMatch(/^control.timeoutMs: /);
    expect((await runHaco(['export', file])).stderr).toBe(
      'haco: "haco export" needs --dest DIR, e.g. --dest /srv/bundles/web.\n',
    );
    const again = await runHaco(['export', '-d', bundle, '--accept', 'control', file]);
    expect(again.stderr).toContain('config.json');
    expect(again.code).toBe(125);
  });

  it('of a cluster is one bundle for each container', slow, async () => {
    const file = definition(
      'shop',
      "cluster({ db: base.command('/bin/true'), web: base.command('/bin/false') }, { name: 'shop' })",
    );
    const bundles = join(directory, 'shop');
    const written = await runHaco(['export', '-d', bundles, file]);
    expect(written.stdout).toBe(`${join(bundles, 'shop-db')}\n${join(bundles, 'shop-web')}\n`);
    const config = JSON.parse(readFileSync(join(bundles, 'shop-web/config.json'), 'utf8')) as {
      process: { args: string[] };
    };
    expect(config.process.args).toEqual(['/bin/false']);
  });
});

describeWith(['root', 'busybox', 'probe'], 'a definition for engines', () => {
  it('is a manifest on standard output, which is told what was left out', slow, async () => {
    const file = definition('kube', "base.name('kube').network('host').caps('none').pids(5).command('/bin/true')");
    const flags = ['export', '--format', 'kube', '--image', 'kube:1', '--runtime-class', 'haco'];
    const refused = await runHaco([...flags, file]);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      125,
      '',
      expect.stringMatching(/^haco: A manifest of Kubernetes can't say cgroups\.pids: .*"accept" if that is fine\.\n$/),
    ]);
    const written = await runHaco([...flags, '--accept', 'cgroups.pids', file]);
    expect([written.code, written.stderr]).toEqual([0, expect.stringMatching(/^cgroups\.pids: .*\n$/)]);
    expect(written.stdout).toMatch(
      /^apiVersion: "v1"\nkind: "Pod"\n[^]*runtimeClassName: "haco"\n[^]*image: "kube:1"\n/,
    );
    const json = await runHaco([...flags, '--accept', 'cgroups', '--json', file]);
    expect([json.code, json.stderr]).toEqual([0, '']);
    expect(JSON.parse(json.stdout)).toEqual({
      files: [{ path: 'kube.yaml', text: written.stdout }],
      notRepresented: [{ path: 'cgroups.pids', message: expect.any(String) as string }],
    });
  });

  it('is a compose file, which is never replaced', slow, async () => {
    const file = definition('compose', "base.name('composed').command('/bin/true')");
    const dest = join(directory, 'new/compose.yaml');
    const flags = ['export', '--format', 'compose', '--image', 'a:1', '-d', dest, file];
    expect(await runHaco(flags)).toEqual({ code: 0, stderr: '', stdout: `${dest}\n` });
    expect(readFileSync(dest, 'utf8')).toMatch(/^services:\n {2}composed:\n {4}image: "a:1"\n/);
    expect(await runHaco(flags)).toMatchObject({ code: 125, stderr: expect.stringContaining(dest) as string });
  });

  it('is a quadlet for each container of a cluster, each with its image', slow, async () => {
    const file = definition(
      'units',
      "cluster({ db: base.command('/bin/db'), web: base.command('/bin/web') }, { name: 'units' })",
    );
    const flags = ['export', '--format', 'quadlet', '--image', 'all:1', '--image', 'web=web:1', file];
    const several = await runHaco(flags);
    expect([several.code, several.stderr]).toEqual([125, expect.stringContaining('Several quadlets need --dest DIR')]);
    const dest = join(directory, 'units');
    const units = ['units-db', 'units-web'].map((name) => join(dest, `${name}.container`));
    expect((await runHaco([...flags, '-d', dest])).stdout).toBe(units.map((unit) => `${unit}\n`).join(''));
    const images = units.map((unit) => /^Image=.*$/m.exec(readFileSync(unit, 'utf8'))?.[0]);
    expect(images).toEqual(['Image=all:1', 'Image=web:1']);
  });

  it('needs an image, and flags that belong to it', slow, async () => {
    const file = definition('plain', "base.name('plain').command('/bin/true')");
    const said = async (...flags: readonly string[]): Promise<string> =>
      (await runHaco(['export', ...flags, file])).stderr;
    expect(await said('--format', 'kube')).toMatch(/^haco: The spec is invalid: rootfs: an engine starts containers/);
    expect(await said('--image', 'a:1', '-d', '/nowhere')).toContain(
      '--image goes with --format kube, compose or quadlet',
    );
    expect(await said('--format', 'kube', '--image', 'a:1', '--image', 'b:1')).toContain('One --image is for all');
    expect(await said('--format', 'helm')).toContain('kube');
  });
});
