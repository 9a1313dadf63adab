/** Programs of the packages, built from their sources as they are when they are installed: one CommonJS file for each entry. */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Esbuild {
  readonly build: (options: object) => Promise<unknown>;
}

/** What builds the packages builds this, too. */
function esbuild(): Esbuild {
  const fromWorkspace = createRequire(fileURLToPath(new URL('../../../package.json', import.meta.url)));
  return createRequire(fromWorkspace.resolve('tsup'))('esbuild') as Esbuild;
}

/** What is to be built. */
export interface ProgramSources {
  /** Directory of the package: what isn't bundled is found from there. */
  readonly packageDirectory: string;
  /** Names of the files to make, without `.cjs`, and their sources below `src`. */
  readonly entries: Readonly<Record<string, string>>;
  /** What isn't bundled: packages, and imports of one entry by another. */
  readonly external: readonly string[];
}

/**
 * Build it: a second for each file. As `program` of tsup.base.ts has it.
 *
 * @returns the directory of the files, which is the caller's to remove
 */
export async function buildProgram({ packageDirectory, entries, external }: ProgramSources): Promise<string> {
  const directory = join(packageDirectory, 'node_modules', `.haco-program-${String(process.pid)}`);
  mkdirSync(directory, { recursive: true });
  for (const [name, entry] of Object.entries(entries)) {
    await esbuild().build({
      entryPoints: [join(packageDirectory, 'src', entry)],
      outfile: join(directory, `${name}.cjs`),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      conditions: ['@haco/source'],
      external,
      minifyWhitespace: true,
      minifySyntax: true,
      supported: { 'dynamic-import': false },
      define: { 'import.meta.url': '__url' },
      banner: { js: 'const __url=require("node:url").pathToFileURL(__filename).href;' },
      logLevel: 'error',
      logOverride: { 'empty-import-meta': 'silent' },
    });
  }
  return directory;
}
