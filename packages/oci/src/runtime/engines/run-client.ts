/** A program with testcontainers, beside the engine that it drives. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Finished } from '@haco/testkit';
import type { Dockerd } from './dockerd.js';

/** Run a source file of TypeScript in the engine's namespaces. */
export function runClient(engine: Dockerd, file: URL, ...args: readonly string[]): Promise<Finished> {
  const tsx = createRequire(import.meta.url).resolve('tsx', {
    paths: [fileURLToPath(new URL('../../../../..', import.meta.url))],
  });
  return engine.beside([process.execPath, '--import', tsx, fileURLToPath(file), ...args], {
    // Its own reaper is an image of a registry.
    env: {
      ...process.env,
      DOCKER_HOST: engine.address,
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      HOME: engine.directory,
    },
    timeoutMs: 150_000,
  });
}
