/** How long an image takes to become a root filesystem, beside umoci and tar. `npm run bench -- unpack`. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportImage } from '@haco/bootstrap';
import { orThrow } from '@haco/core';
import { findProgram } from './find-program.js';
import { comparePrograms, type Program } from './programs.js';

const cli = fileURLToPath(new URL('../../packages/cli/dist/haco.cjs', import.meta.url));

/** Texts and programs of many sizes, with links: what every Debian has. */
const content = ['/usr/share/doc', '/usr/share/perl', '/usr/share/zoneinfo', '/usr/lib/git-core', '/usr/include'];

interface Index {
  readonly manifests: readonly { readonly digest: string }[];
}

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

function layerOf(layout: string): string {
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Index;
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0]?.digest ?? ''), 'utf8')) as Manifest;
  return blob(manifest.layers[0]?.digest ?? '');
}

/** Run everything; the table. */
export async function measureUnpack(rounds: number): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'haco-bench-'));
  try {
    const [root, layout, target] = ['root', 'image', 'target'].map((name) => join(home, name)) as [
      string,
      string,
      string,
    ];
    for (const path of content) {
      cpSync(path, join(root, path), { recursive: true, verbatimSymlinks: true, errorOnExist: false, force: true });
    }
    orThrow(await exportImage(root, layout, { tag: 'latest' }));
    const definition = join(home, 'x.haco.mjs');
    const image = `image(${JSON.stringify(layout)}, { target: ${JSON.stringify(target)}, cache: ${JSON.stringify(join(home, 'cache'))} })`;
    writeFileSync(
      definition,
      `import { haco, image } from '@haco/core';\nexport default haco().unshare('mount').rootfs(${image}).command('/bin/true');\n`,
    );
    const clear = (): void => {
      for (const path of [target, join(home, 'cache')]) rmSync(path, { recursive: true, force: true });
      mkdirSync(join(home, 'tar'), { recursive: true });
      rmSync(join(home, 'tar'), { recursive: true });
      mkdirSync(join(home, 'tar'));
    };
    const haco: Program = {
      label: 'haco create',
      command: [process.execPath, cli, 'create', definition],
      prepare: clear,
    };
    const tar: Program = {
      label: 'tar -xzf',
      command: ['tar', '-xzf', layerOf(layout), '-C', join(home, 'tar')],
      prepare: clear,
    };
    const umoci = findProgram('umoci');
    const others: readonly Program[] =
      umoci === undefined
        ? []
        : [
            {
              label: 'umoci unpack',
              command: [umoci, 'unpack', '--image', `${layout}:latest`, target],
              prepare: clear,
            },
          ];
    if (umoci === undefined) console.log('umoci takes no part: it is not installed ("apt-get install umoci").');
    return comparePrograms([haco, ...others, tar], rounds);
  } finally {
    rmSync(home, { recursive: true });
  }
}
