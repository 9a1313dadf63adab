/** For tests: dockerd with haco-oci as its default runtime, and an image with a shell in it. */
import { join } from 'node:path';
import { makeRootfs, runCommand, type Finished } from '@haco/testkit';
import { afterAll, beforeAll } from 'vitest';
import { makeRuntime, type TestRuntime } from '../testing.js';
import { startEngine, type Engine } from './engine.js';

/** What dockerd needs on the host. */
export const dockerdNeeds = ['tool:dockerd', 'tool:docker', 'tool:iptables', 'tool:tar', 'tool:nsenter'] as const;

/** A dockerd. */
export interface Dockerd extends Engine {
  readonly address: string;
  readonly docker: (...args: readonly string[]) => Promise<Finished>;
}

const dockerAt = (directory: string, args: readonly string[]): Promise<Finished> =>
  runCommand(['docker', '--host', `unix://${directory}/socket`, ...args], {
    // The builder that comes with the daemon: the other is a program of its own.
    env: { ...process.env, DOCKER_BUILDKIT: '0', HOME: directory },
    timeoutMs: 120_000,
  });

/** Start it; its image is `bb:1`. */
async function startDockerd(runtime: string): Promise<Dockerd> {
  const engine = await startEngine({
    name: 'dockerd',
    command: ({ directory, group }) => [
      'dockerd',
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--pidfile', join(directory, 'pid'), '--host', `unix://${directory}/socket`],
      ...['--storage-driver', 'overlay2', '--cgroup-parent', group],
      ...['--add-runtime', `haco=${runtime}`, '--default-runtime', 'haco'],
    ],
    isReady: async (directory) => (await dockerAt(directory, ['version'])).exitCode === 0,
  });
  const docker = (...args: readonly string[]): Promise<Finished> => dockerAt(engine.directory, args);
  const dockerd = { ...engine, address: `unix://${engine.directory}/socket`, docker };
  await using rootfs = await makeRootfs({ shell: true });
  await importImage(dockerd, rootfs.path, 'bb:1');
  return dockerd;
}

/** The files below a directory become an image. */
export async function importImage({ directory, docker }: Dockerd, root: string, name: string): Promise<void> {
  const archive = join(directory, 'image.tar');
  await runCommand(['tar', '-C', root, '-cf', archive, '.'], { timeoutMs: 60_000 });
  const imported = await docker('import', archive, name);
  if (imported.exitCode !== 0) throw new Error(`docker import: ${imported.stderr}`);
}

/** For the tests of a suite: started before the first, with haco-oci as its runtime, and ended after the last. */
export function useDockerd(): () => Dockerd {
  let runtime: TestRuntime;
  let engine: Dockerd;
  beforeAll(async () => {
    runtime = await makeRuntime();
    engine = await startDockerd(runtime.path);
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
    runtime.remove();
  }, 120_000);
  return () => engine;
}
