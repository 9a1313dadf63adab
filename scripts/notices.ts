// For tsup: what is bundled from other packages keeps its licence, in dist/THIRD-PARTY.txt.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is used of esbuild's plugins: esbuild itself is a dependency of tsup only. */
interface Build {
  readonly initialOptions: { metafile?: boolean; readonly outdir?: string };
  onEnd(
    then: (result: {
      metafile?: { readonly outputs: Record<string, { inputs: Record<string, unknown> }> } | undefined;
    }) => void,
  ): void;
}

export const notices = {
  name: 'notices',
  setup(build: Build): void {
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile }) => {
      const inputs = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.keys(inputs));
      const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input) ?? []));
      if (folders.size === 0) return;
      const texts = [...folders].map(noticeOf).sort();
      // Two builds of one package (haco-oci and what it loads late) share the file.
      const file = join(build.initialOptions.outdir ?? 'dist', 'THIRD-PARTY.txt');
      const before = existsSync(file) ? readFileSync(file, 'utf8').split(border) : [];
      // In a fresh clone this comes before tsup has written anything.
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, [...new Set([...before, ...texts])].join(border));
    });
  },
};

const border = `\n${'-'.repeat(72)}\n\n`;

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly [key in 'name' | 'version' | 'license']: string;
  };
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}
