/** The README's two commands where it says that they work: a Debian with Node and npm, nothing else installed, after `git clone`. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pnpmProgram } from './project.ts';
import { makeDebianRoot, npmDirectory, runInside } from './roots.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const printed = (file: string, ...args: readonly string[]): string =>
  execFileSync(file, args, { cwd: repository, encoding: 'utf8' }).trim();

describeWith(['root', 'tool:mmdebstrap', 'tool:git', 'cgroup2'], 'a fresh clone on a Debian with Node and npm', () => {
  const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-clone-`));
  const root = join(home, 'root');
  beforeAll(() => {
    makeDebianRoot({ directory: root, arch: 'amd64' });
    for (const name of ['npm', 'npx']) {
      const file = join(root, 'usr/local/bin', name);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, `#!/bin/sh\nexec node /opt/npm/bin/${name}-cli.js "$@"\n`);
      chmodSync(file, 0o755);
    }
    // The installer of Debian writes it.
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
    execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${repository}`, join(root, 'root/haco')]);
  }, 180_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const inTheClone = (command: string) =>
    runInside({
      root,
      // What has been fetched before, so that no network is needed: both commands install by themselves.
      binds: {
        '/usr/local/bin/node': process.execPath,
        '/opt/npm': npmDirectory(),
        '/root/.npm': printed('npm', 'config', 'get', 'cache'),
        '/root/store': dirname(printed('npx', '--yes', pnpmProgram, 'store', 'path')),
      },
      script: `export npm_config_offline=true npm_config_store_dir=/root/store; cd /root/haco; ${command}`,
      timeoutMs: 300_000,
    });

  it('shows the whole demo', { timeout: 310_000 }, async () => {
    const { stdout, exitCode } = await expectNothingLeft(() => inTheClone('npm run --silent demo -- --strict'));
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/^All \d+ statements hold \(/m);
  });

  it('builds itself and runs its tests', { timeout: 310_000 }, async () => {
    const { stdout, exitCode } = await expectNothingLeft(() => inTheClone('npm test --silent -- unit'));
    expect(stdout).toMatch(/^✓ unit +\d+ passed/m);
    expect(exitCode).toBe(0);
  });
});
