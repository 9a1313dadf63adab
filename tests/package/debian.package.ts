/** A stranger's Debian, without any network: the tarballs are installed by each Node, and the README's first snippet runs. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { nodeOf } from '../../scripts/other-node.mjs';
import { projectOf } from './project.ts';
import { firstSnippet } from './readme.ts';
import { makeDebianRoot, offlineInstall, runInside, strangersBinds } from './roots.ts';

const definition = `import { haco, type Builder } from '@haco/core';
const builder: Builder = haco().name('job').unshare('pid');
export default builder;
`;

describeWith(['root', 'tool:mmdebstrap', 'cgroup2'], 'a clean Debian', () => {
  const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-debian-`));
  const root = join(home, 'root');
  beforeAll(() => makeDebianRoot({ directory: root, arch: 'amd64' }), 180_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** In a new project of that Debian, with that Node. */
  async function stranger(major: number, commands: readonly string[]): Promise<string> {
    const node = nodeOf(major);
    if (!('program' in node)) throw new Error(node.reason);
    const tarballs = readdirSync(inject('tarballs')).map((file) => `/opt/tarballs/${file}`);
    const project = join(home, `project-${String(major)}`);
    const files = {
      'package.json': JSON.stringify(projectOf(tarballs)),
      'readme.mjs': firstSnippet,
      'job.haco.ts': definition,
    };
    rmSync(project, { recursive: true, force: true });
    mkdirSync(project);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
    const { stdout, stderr, exitCode } = await runInside({
      root,
      binds: strangersBinds(node.program, project, root),
      script: ['cd /root/project', `${offlineInstall} >/dev/null`, ...commands].join('\n'),
      timeoutMs: 90_000,
    });
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    return stdout;
  }

  it.each([20, 22, 24, 26])(
    'installs and runs it with Node %i',
    async (major) => {
      const said = await expectNothingLeft(() =>
        stranger(major, [
          'node --version',
          'node readme.mjs </dev/null',
          'haco() { node_modules/.bin/haco "$@"; }',
          'haco run -- echo from the command',
          // As it is the first time, and with all that it keeps.
          'haco run job.haco.ts -- echo first; haco run job.haco.ts -- echo again',
          'haco run --daemon job.haco.ts -- sleep 60; haco ps --json | grep -c running; haco kill --signal KILL job; haco rm --force job',
        ]),
      );
      const lines = ['exited 0 ', 'from the command', 'first', 'again', 'job', '1', 'Kill success: job', 'job'];
      expect(said).toMatch(new RegExp(`^v${String(major)}\\..*\\n${lines.join('\\n')}\\n$`));
    },
    120_000,
  );

  it('runs where /tmp takes no programs and memory files can’t be executed', async () => {
    const said = await stranger(24, [
      'mount -t tmpfs -o noexec none /tmp; mount -t tmpfs none /run',
      'echo 2 > /proc/sys/vm/memfd_noexec',
      'node readme.mjs </dev/null',
      'mount -o remount,noexec /run; XDG_RUNTIME_DIR=/tmp node readme.mjs </dev/null 2>&1',
    ]);
    expect(said).toMatch(/^exited 0 \nCould not store the launcher in .*noexec.*; set XDG_RUNTIME_DIR to .*\n$/);
  }, 120_000);
});
