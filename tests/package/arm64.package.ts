/**
 * A stranger's Debian on arm64, under qemu's user mode: as far as that goes. It has no clone3(2), so no container starts; all before that
 * runs, the native binary of koffi included, and the sentence names what is missing.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { nodeOf } from '../../scripts/other-node.mjs';
import { projectOf } from './project.ts';
import { firstSnippet } from './readme.ts';
import { makeDebianRoot, offlineInstall, runInside, strangersBinds } from './roots.ts';

const program = `
import { haco } from '@haco/core';
import { launcherPath, probeHost, rawSyscall, syscallNumbers } from '@haco/sys';
import { spawnSync } from 'node:child_process';

const isPid = rawSyscall(syscallNumbers.arm64.getpid) === process.pid;
const plan = haco().unshare('pid').command('true').explain();
// Without a plan it ends at once; that it is run at all is what counts.
const { error } = spawnSync(launcherPath()._unsafeUnwrap(), { stdio: 'ignore' });
console.log(process.arch, probeHost().arch, isPid, plan.isOk(), error?.code ?? 'runs');
await import('./readme.mjs');
`;

describeWith(
  ['root', 'tool:mmdebstrap', 'tool:qemu-aarch64-static', 'kernel:6.7', 'userns'],
  'a Debian for arm64',
  () => {
    const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-arm64-`));
    const root = join(home, 'root');
    beforeAll(() => makeDebianRoot({ directory: root, arch: 'arm64' }), 180_000);
    afterAll(() => rmSync(home, { recursive: true, force: true }));

    const project = join(home, 'project');
    const run = async (major: number, commands: readonly string[]) => {
      const node = nodeOf(major, 'arm64');
      if (!('program' in node)) throw new Error(node.reason);
      return runInside({
        root,
        binds: strangersBinds(node.program, project, root),
        script: ['cd /root/project', ...commands].join('\n'),
        emulate: true,
        timeoutMs: 110_000,
      });
    };

    it('installs it there', async () => {
      mkdirSync(project);
      const tarballs = readdirSync(inject('tarballs')).map((file) => `/opt/tarballs/${file}`);
      writeFileSync(join(project, 'package.json'), JSON.stringify(projectOf(tarballs)));
      writeFileSync(join(project, 'readme.mjs'), firstSnippet);
      writeFileSync(join(project, 'program.mjs'), program);
      const install = `${offlineInstall} >/dev/null`;
      expect(await expectNothingLeft(() => run(20, [install]))).toMatchObject({ exitCode: 0, stderr: '' });
      expect(readdirSync(join(project, 'node_modules/@koromix'))).toEqual(['koffi-linux-arm64']);
    }, 120_000);

    it.each([20, 22, 24, 26])(
      'plans, probes and runs the launcher with Node %i, and says what the emulator lacks',
      async (major) => {
        const { stdout, stderr } = await run(major, ['node program.mjs </dev/null']);
        expect(stdout).toBe('arm64 arm64 true true runs\n');
        expect(stderr).toMatch(
          /^Could not create the container's process in new uts and pid namespaces: Something hides clone3, .*; allow it .* \(an emulator may lack it, too\)\.\n$/,
        );
      },
      120_000,
    );
  },
);
