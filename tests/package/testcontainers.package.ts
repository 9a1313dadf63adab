/** A stranger's Debian as a container of Docker, driven by testcontainers: the tarballs are installed and the README's first snippet runs. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '@haco/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { dockerdNeeds, importImage, type Dockerd, useDockerd } from '../../packages/oci/src/runtime/engines/dockerd.js';
import { runClient } from '../../packages/oci/src/runtime/engines/run-client.js';
import { nodeOf } from '../../scripts/other-node.mjs';
import { projectOf } from './project.ts';
import { firstSnippet } from './readme.ts';
import { makeDebianRoot, offlineInstall, strangersBinds } from './roots.ts';

describeWith(
  ['root', 'tool:mmdebstrap', 'cgroup2', 'busybox', 'probe', 'seccomp', ...dockerdNeeds],
  'a clean Debian in Docker',
  () => {
    const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-testcontainers-`));
    const [root, project] = [join(home, 'root'), join(home, 'project')];
    let engine: Dockerd;
    // Its runtime is haco-oci: runc makes a privileged container only where root holds every capability that the kernel knows.
    const dockerd = useDockerd();
    beforeAll(async () => {
      makeDebianRoot({ directory: root, arch: 'amd64' });
      engine = dockerd();
      await importImage(engine, root, 'stranger:own');
    }, 240_000);
    afterAll(() => rmSync(home, { recursive: true, force: true }));

    it('installs and runs it, started by testcontainers', { timeout: 180_000 }, async () => {
      const node = nodeOf(24);
      if (!('program' in node)) throw new Error(node.reason);
      const tarballs = readdirSync(inject('tarballs')).map((file) => `/opt/tarballs/${file}`);
      mkdirSync(project);
      writeFileSync(join(project, 'package.json'), JSON.stringify(projectOf(tarballs)));
      writeFileSync(join(project, 'readme.mjs'), firstSnippet);
      const request = JSON.stringify({
        image: 'stranger:own',
        binds: strangersBinds(node.program, project, root),
        // haco-oci mounts groups read-only also where an engine asks for more; this is what the snippet's error says to do about it.
        script: [
          'for groups in /sys/fs/cgroup/cpu /sys/fs/cgroup; do mount -o remount,rw,bind $groups 2>/dev/null || true; done',
          'cd /root/project',
          `${offlineInstall} >/dev/null`,
          'node readme.mjs </dev/null',
        ].join('\n'),
      });
      const client = new URL('testcontainers-client.ts', import.meta.url);
      const { stdout, stderr } = await runClient(engine, client, request);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ output: 'exited 0 \n', exitCode: 0 });
      expect((await engine.docker('ps', '--all', '--quiet')).stdout).toBe('');
    });
  },
);
