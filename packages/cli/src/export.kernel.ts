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
