/** Each tarball by itself: what npm, bundlers and the compilers of others make of it, and what is in it. */
import { createPackageFromTarballData, checkPackage } from '@arethetypeswrong/core';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { nameOf } from './project.ts';

interface Manifest {
  readonly [key: string]: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: unknown;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const tarballs = inject('tarballs');
const home = mkdtempSync(join(tmpdir(), `haco-test-${String(process.pid)}-tarballs-`));
afterAll(() => rmSync(home, { recursive: true }));

/** More is a mistake: sources, maps, or somebody else's files. The command and the runtime carry what they use of others. */
const programBytes = 2.5 * 1024 ** 2;
const mostBytes: Readonly<Record<string, number>> = { '@haco/cli': programBytes, '@haco/oci': programBytes };
const usualMost = 1024 ** 2;

it('there is one for every package that isn’t private', () => {
  const published = readdirSync(join(root, 'packages'))
    .map((name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest)
    .filter((manifest) => manifest['private'] !== true)
    .map((manifest) => manifest['name']);
  expect(readdirSync(tarballs).map(nameOf).sort()).toEqual(published.sort());
});

describe.each(readdirSync(tarballs).map((file) => [nameOf(file), join(tarballs, file)] as const))(
  '%s',
  (name, file) => {
    const directory = join(home, name);
    execFileSync('mkdir', ['-p', directory]);
    execFileSync('tar', ['--extract', '--gzip', '--file', file, '--directory', directory, '--strip-components=1']);
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(join(directory, path)).isFile(),
    );
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;

    it('passes publint', async () => {
      const { messages, pkg } = await publint({ pkgDir: directory, pack: false, strict: true });
      expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    });

    it('has types that are those of its code, for those who import it', async () => {
      const found = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(file))));
      expect(found.types).toMatchObject({ kind: 'included' });
      const problems = 'problems' in found ? found.problems : [];
      // Modules only: resolution before Node 12 knows no `exports`; and since Node 20.19 require() takes modules, too.
      const irrelevant = problems.filter(
        (problem) =>
          'resolutionKind' in problem &&
          (problem.resolutionKind === 'node10' ||
            (problem.resolutionKind === 'node16-cjs' && problem.kind === 'CJSResolvesToESM')),
      );
      expect(problems.filter((problem) => !irrelevant.includes(problem))).toEqual([]);
    });

    it('says what it is, and runs nothing when it is installed', () => {
      expect(manifest).toMatchObject({
        name,
        license: 'MIT',
        type: 'module',
        sideEffects: false,
        engines: { node: '>=20.19' },
        exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
        publishConfig: { access: 'public', provenance: true },
      });
      expect(manifest['description']).toMatch(/^[A-Z].{20,120}\.$/i);
      expect(Object.keys(manifest.scripts ?? {}).filter((script) => /install|prepare|gyp/.test(script))).toEqual([]);
      expect(files).not.toContain('binding.gyp');
      // Versions, not what they are called in the workspace.
      for (const [other, range] of Object.entries(manifest.dependencies ?? {})) {
        expect([other, range]).toEqual([other, expect.stringMatching(/^[~^]?\d+\.\d+\.\d+$/)]);
      }
    });

    it('has its licence, a README with a snippet, and the built code: nothing else', () => {
      const expected =
        /^(package\.json|README\.md|LICENSE|dist\/[\w.-]+\.(js|cjs|d\.ts)|dist\/THIRD-PARTY\.txt|native\/[\w.-]+\.(c|h|sh))$/;
      expect(files.filter((path) => !expected.test(path))).toEqual([]);
      expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']));
      expect(readFileSync(join(directory, 'README.md'), 'utf8')).toMatch(/^# @haco\/[^]*```(ts|console)\n/);
      const bytes = files.reduce((sum, path) => sum + statSync(join(directory, path)).size, 0);
      expect(bytes).toBeLessThan(mostBytes[name] ?? usualMost);
    });

    it('names no place of the machine on which it was made', () => {
      const told = files.filter((path) => readFileSync(join(directory, path), 'utf8').includes(root));
      expect(told).toEqual([]);
    });
  },
);

it('the launcher comes along for both processors', () => {
  const code = readFileSync(join(home, '@haco/sys/dist/late.cjs'), 'utf8').replaceAll(/\\?\n/g, '');
  const images = [...code.matchAll(/["'`](f0VMR[A-Za-z0-9+/=]+)["'`]/g)].map(([, text = '']) =>
    Buffer.from(text, 'base64'),
  );
  // e_machine of an ELF file: x86-64 and AArch64.
  expect(images.map((image) => image.readUInt16LE(18)).sort((a, b) => a - b)).toEqual([62, 183]);
});
