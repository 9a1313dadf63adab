/** An idle supervisor is small and does nothing: measured on its program as it is shipped, in one file. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cpuMsOf, describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow } from '../index.js';

const limitKib = 45 * 1024;
/** Where koffi is found from. */
const output = fileURLToPath(new URL('../../../sys/node_modules/.haco-supervisor-test/', import.meta.url));
let base: string;

/** The program without a source loader, which would be larger than itself. */
async function buildProgram(): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@haco/source', 'node', 'import', 'module', 'default'] },
    ssr: {
      noExternal: true,
      external: ['koffi', 'jiti'],
      resolve: { conditions: ['@haco/source', 'node', 'import', 'module', 'default'] },
    },
    build: {
      ssr: fileURLToPath(new URL('./main.ts', import.meta.url)),
      outDir: output,
      emptyOutDir: true,
      minify: false,
    },
  });
  return join(output, 'main.js');
}

beforeAll(async () => {
  await warmUp();
  base = await makeTemporaryDirectory('lean');
  vi.stubEnv('HACO_SUPERVISOR', await buildProgram());
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(output, { recursive: true, force: true });
  rmSync(base, { recursive: true });
});

const residentKib = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);

describeWith(['root'], 'an idle supervisor', () => {
  test(
    'has at most 45 MiB, also after it was asked for something, and uses no CPU time',
    () =>
      expectNothingLeft(
        async () => {
          const container = await orThrow(
            haco()
              .name('lean')
              .unshare('pid')
              .pids(20)
              .command('/bin/sleep', '60')
              .detach({ stateDir: join(base, 'state') }),
          );
          const pid = (await orThrow(container.state())).supervisor?.pid ?? 0;
          await expect.poll(() => residentKib(pid), { timeout: 10_000 }).toBeLessThanOrEqual(limitKib);
          await orThrow(container.freeze());
          await orThrow(container.thaw());
          await sleep(1000);
          const before = cpuMsOf(pid);
          await sleep(3000);
          expect(cpuMsOf(pid) - before).toBeLessThanOrEqual(10);
          expect(residentKib(pid)).toBeLessThanOrEqual(limitKib);
          await orThrow(container.remove({ force: true }));
        },
        { patienceMs: 10_000 },
      ),
    60_000,
  );
});
