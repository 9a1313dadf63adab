/**
 * docs/api: what each package exports, with its signatures, and nothing else: so that a change to what users stand on is seen in the
 * difference that a reviewer reads, and none happens unnoticed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { DeclarationFiles } from './gen-api/declaration-files.js';
import { readSurface } from './gen-api/surface.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A package as users get it. */
interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly engines?: object;
  readonly bin?: object;
  readonly exports: object;
}

/** The files below docs/api with their content; takes some seconds, as the compiler has to look at what is exported. */
export function apiPages(): readonly { readonly file: string; readonly content: string }[] {
  const packages = readdirSync(`${root}packages`)
    .sort()
    .map((folder) => ({ folder, manifest: readManifest(folder), entry: `${root}packages/${folder}/src/index.ts` }))
    .filter(({ manifest }) => manifest.private !== true);
  const files = new DeclarationFiles(createProgram(packages.map(({ entry }) => entry)));
  return packages.map(({ folder, manifest, entry }) => ({
    file: `docs/api/${folder}.txt`,
    content: page(manifest, readSurface(files, entry)),
  }));
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8')) as Manifest;
}

function createProgram(rootNames: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    (config as { compilerOptions: unknown }).compilerOptions,
    root,
    'tsconfig.base.json',
  );
  const wanted: ts.CompilerOptions = {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    removeComments: true,
    stripInternal: true,
    // Members of inferred unions would come in the order in which the compiler met them, which a change anywhere else can alter.
    stableTypeOrdering: true,
  };
  const host = ts.createCompilerHost(wanted);
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  return ts.createProgram({ rootNames, options: wanted, host });
}

function page(manifest: Manifest, { exported, elsewhere, reached }: ReturnType<typeof readSurface>): string {
  const parts = [
    `What ${manifest.name} exports, made by "npm run gen" from the sources; a change here is a change for users.`,
    [
      `node ${JSON.stringify(manifest.engines)}`,
      `doors ${JSON.stringify(Object.keys(manifest.exports))}`,
      ...(manifest.bin === undefined ? [] : [`commands ${JSON.stringify(Object.keys(manifest.bin))}`]),
    ].join('\n'),
    ...exported,
    ...(elsewhere.length === 0 ? [] : [`-- passed on from other packages\n\n${elsewhere.join('\n')}`]),
    ...(reached.length === 0 ? [] : ['-- not exported, but part of the signatures above', ...reached]),
  ];
  return `${parts.join('\n\n')}\n`;
}
