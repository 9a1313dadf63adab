/** testcontainers against a dockerd whose default runtime is haco-oci: what many people's tests stand on. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeWith, makeRootfs, runCommand } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { dockerdNeeds, importImage, type Dockerd, useDockerd } from './dockerd.js';
import { runClient } from './run-client.js';

let engine: Dockerd;

/** The host's Redis, with the libraries that it is linked with. */
async function importRedis(): Promise<void> {
  await using rootfs = await makeRootfs({ shell: true });
  for (const name of ['redis-cli', 'redis-check-rdb']) {
    const program = (await runCommand(['/bin/sh', '-c', `command -v ${name}`])).stdout.trim();
    copyFileSync(program, rootfs.inside(`/bin/${name}`));
    const { stdout } = await runCommand(['ldd', program]);
    for (const [, library = ''] of stdout.matchAll(/(\/\S+) \(0x/g)) {
      mkdirSync(dirname(rootfs.inside(library)), { recursive: true });
      copyFileSync(library, rootfs.inside(library));
    }
  }
  // One program, which is what it is called.
  symlinkSync('redis-check-rdb', rootfs.inside('/bin/redis-server'));
  await importImage(engine, rootfs.path, 'redis:own');
}

describeWith(
  ['root', 'busybox', 'probe', 'seccomp', 'tool:redis-check-rdb', 'tool:redis-cli', 'tool:ldd', ...dockerdNeeds],
  'testcontainers',
  () => {
    const dockerd = useDockerd();
    beforeAll(async () => {
      engine = dockerd();
      await importRedis();
    }, 120_000);

    test('starts a database, waits for it, asks it from both sides, and stops it', { timeout: 180_000 }, async () => {
      const { stdout, stderr } = await runClient(engine, new URL('testcontainers-client.ts', import.meta.url));
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ set: '+OK', inside: 'hello', code: 0, failed: 7, after: '+PONG' });
      expect((await engine.docker('ps', '--all', '--quiet')).stdout).toBe('');
      expect(readFileSync(join(engine.directory, 'log'), 'utf8')).not.toContain('panic');
    });
  },
);
