/** testcontainers against a dockerd whose default runtime is haco-oci: what many people's tests stand on. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWith, makeRootfs, runCommand } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { dockerdNeeds, type Dockerd, useDockerd } from './dockerd.js';

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
  const archive = join(engine.directory, 'redis.tar');
  await runCommand(['tar', '-C', rootfs.path, '-cf', archive, '.']);
  expect(await engine.docker('import', archive, 'redis:own')).toMatchObject({ exitCode: 0 });
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
      const client = fileURLToPath(new URL('testcontainers-client.ts', import.meta.url));
      const tsx = createRequire(import.meta.url).resolve('tsx', {
        paths: [fileURLToPath(new URL('../../../../..', import.meta.url))],
      });
      const { stdout, stderr } = await engine.beside([process.execPath, '--import', tsx, client], {
        // Its own reaper is an image of a registry.
        env: {
          ...process.env,
          DOCKER_HOST: engine.address,
          TESTCONTAINERS_RYUK_DISABLED: 'true',
          HOME: engine.directory,
        },
        timeoutMs: 150_000,
      });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ set: '+OK', inside: 'hello', code: 0, failed: 7, after: '+PONG' });
      expect((await engine.docker('ps', '--all', '--quiet')).stdout).toBe('');
      expect(readFileSync(join(engine.directory, 'log'), 'utf8')).not.toContain('panic');
    });
  },
);
