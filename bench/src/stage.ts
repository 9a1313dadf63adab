/** Everything that the measurements need: a root filesystem, commands, the floor, a bundle, and the program that measures. */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRootfs, makeTemporaryDirectory } from '@haco/testkit';
import { rm } from 'node:fs/promises';
import { build } from 'tsup';
import type { StagePaths } from './contenders/contender.js';
import { ociConfig } from './oci-config.js';

const here = fileURLToPath(new URL('..', import.meta.url));

function compile(source: string, output: string, flags: readonly string[]): void {
  const args = ['-static', '-Wall', '-Wextra', '-Werror', ...flags, '-o', output, join(here, 'c', source)];
  const { status, error, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${source} could not be compiled (Debian: gcc libc6-dev): ${error?.message ?? stderr}`);
}

/** The process that measures runs plain JavaScript and the built packages, as a user's program does. */
async function buildWorker(): Promise<string> {
  await build({
    config: false,
    entry: { worker: join(here, 'src/worker.ts') },
    outDir: join(here, 'dist'),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: [/^@haco\//],
    silent: true,
    clean: true,
  });
  return join(here, 'dist/worker.js');
}

export interface Stage extends AsyncDisposable {
  readonly paths: StagePaths;
  /** The built src/worker.ts. */
  readonly worker: string;
}

export async function prepareStage(): Promise<Stage> {
  const worker = await buildWorker();
  const rootfs = await makeRootfs();
  const directory = await makeTemporaryDirectory('bench');
  const at = (name: string): string => join(directory, name);
  const paths: StagePaths = {
    root: rootfs.path,
    staticTrue: at('true'),
    staticPause: at('pause'),
    floor: at('floor'),
    bundle: at('bundle'),
    state: at('state'),
  };
  compile('true.c', paths.staticTrue, ['-Os', '-s', '-nostdlib']);
  compile('pause.c', paths.staticPause, ['-Os', '-s', '-nostdlib']);
  compile('floor.c', paths.floor, ['-O2']);
  for (const name of ['true', 'pause'] as const) {
    await copyFile(at(name), rootfs.inside(`/bin/${name}`));
    await chmod(rootfs.inside(`/bin/${name}`), 0o755);
  }
  await mkdir(paths.bundle);
  await mkdir(paths.state);
  await writeFile(join(paths.bundle, 'config.json'), JSON.stringify(ociConfig(rootfs.path)));
  return {
    paths,
    worker,
    [Symbol.asyncDispose]: async () => {
      await rm(directory, { recursive: true, force: true });
      await rootfs.remove();
    },
  };
}
