/** Compose files, started: by docker-compose, in a dockerd whose containers haco-oci runs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cluster, haco, orThrow } from '@haco/core';
import { describeWith, runCommand, type Finished } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { scaleOut } from '../index.js';
import { dockerdNeeds, type Dockerd, useDockerd } from '../runtime/engines/dockerd.js';

let engine: Dockerd;

/** Two that share a network: the second asks the first, and says what it was told. */
const definition = cluster(
  {
    db: haco()
      .unshare('mount', 'pid', 'ipc', 'uts', 'cgroup')
      .network('none')
      .memory('64MiB')
      .pids(20)
      .env({ ANSWER: '$HOME of "it\'s"' })
      .command('/bin/sh', '-c', 'while true; do echo "$ANSWER" | nc -l -p 5432; done'),
    api: {
      builder: haco()
        .unshare('mount', 'pid', 'ipc', 'uts', 'cgroup')
        .caps('none')
        .command('/bin/sh', '-c', 'until nc 127.0.0.1 5432 </dev/null; do sleep 0.1; done; exit 3'),
      dependsOn: ['db'],
      share: { net: 'db' },
    },
  },
  { name: 'shop' },
);

describeWith(['root', 'busybox', 'probe', 'seccomp', 'tool:docker-compose', ...dockerdNeeds], 'docker-compose', () => {
  const dockerd = useDockerd();
  beforeAll(() => {
    engine = dockerd();
  });

  test('starts the containers of a cluster as the definition has them', { timeout: 180_000 }, async () => {
    const accept = ['rootfs', 'control'];
    const { files } = await orThrow(scaleOut(definition, 'compose', { image: 'bb:1', runtimeClass: 'haco', accept }));
    const file = join(engine.directory, 'compose.yaml');
    await writeFile(file, files[0]?.text ?? '');
    const compose = (...args: readonly string[]): Promise<Finished> =>
      runCommand(['docker-compose', '--project-name', 'shop', '--file', file, ...args], {
        env: { ...process.env, DOCKER_HOST: engine.address, HOME: engine.directory },
        timeoutMs: 120_000,
      });
    expect(await compose('up', '--detach')).toMatchObject({ exitCode: 0 });
    const idOf = async (service: string): Promise<string> => {
      const label = `label=com.docker.compose.service=${service}`;
      return (await engine.docker('ps', '--all', '--quiet', '--filter', label)).stdout.trim();
    };
    const [db, api] = [await idOf('shop-db'), await idOf('shop-api')];
    const inspect = async (id: string, template: string): Promise<string> =>
      (await engine.docker('inspect', '--format', template, id)).stdout.trim();
    await expect
      .poll(() => inspect(api, '{{.State.ExitCode}} {{.State.Running}}'), { timeout: 30_000 })
      .toBe('3 false');
    expect((await engine.docker('logs', api)).stdout).toBe('$HOME of "it\'s"\n');
    expect(await inspect(db, '{{.HostConfig.Runtime}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}')).toBe(
      'haco 67108864 20',
    );
    expect((await engine.docker('exec', db, 'hostname')).stdout).not.toBe('');
    expect(await compose('down', '--timeout', '0')).toMatchObject({ exitCode: 0 });
    expect((await engine.docker('ps', '--all', '--quiet')).stdout).toBe('');
  });
});
