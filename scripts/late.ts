// For tsup: what runs only when something is started comes with its first call, not with the import. Parsing is most of what an import
// costs, so all files that others know only by functions and classes become dist/late.cjs, and in their place are functions and classes
// that load it. Nothing needs to be listed: a file with a constant that is needed early stays, and so does what that needs.
//
// CommonJS, as a function needs its code before it returns and import() would make it wait. There is still one of each thing: what the late
// files import of others (of this package, or another) is handed to them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

interface Found {
  readonly path: string;
  readonly importer: string;
  readonly resolveDir: string;
  readonly namespace: string;
  readonly kind: string;
}

interface Place {
  readonly path: string;
  readonly namespace?: string;
  readonly external?: boolean;
}

/** What esbuild says of a file or a bundle. */
interface Output {
  readonly imports: readonly {
    readonly path: string;
    readonly kind: string;
    readonly original?: string;
    readonly external?: boolean;
  }[];
}

/** What is used of esbuild: it is a dependency of tsup only. */
interface Build {
  readonly initialOptions: {
    readonly entryPoints?: unknown;
    readonly format?: string;
    readonly outdir?: string;
    readonly target?: unknown;
    readonly minifySyntax?: boolean;
    readonly minifyWhitespace?: boolean;
    readonly lineLimit?: number;
  };
  readonly esbuild: {
    build(options: object): Promise<{
      readonly metafile?:
        | {
            readonly inputs: Readonly<Record<string, Output>>;
            readonly outputs: Readonly<Record<string, Output>>;
          }
        | undefined;
      readonly outputFiles?: readonly { readonly text: string }[] | undefined;
    }>;
  };
  onResolve(options: { filter: RegExp; namespace?: string }, then: (found: Found) => Place | undefined): void;
  onLoad(
    options: { filter: RegExp; namespace: string },
    then: (found: { readonly path: string }) => { contents: string; resolveDir: string; loader?: 'ts' },
  ): void;
  onEnd(then: (result: { readonly outputFiles?: readonly { readonly text: string }[] | undefined }) => void): void;
}

const lateFile = 'late.cjs';

/** The source that a relative import means. */
const sourceOf = ({ resolveDir, path }: Found): string => resolve(resolveDir, path).replace(/\.js$/, '.ts');

const entriesOf = (build: Build): readonly string[] =>
  Object.values(build.initialOptions.entryPoints as Readonly<Record<string, string>>);

/** All of another package is left as it is. */
const apart = {
  name: 'apart',
  setup(build: Build): void {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path, external: true },
    );
  },
};

/** The functions and classes that a file exports: what others can stand in for. */
const functionsIn = (source: string): readonly string[] => namesIn(source, /^export (?:async )?function\*? (\w+)/gm);
const classesIn = (source: string): readonly string[] => namesIn(source, /^export (?:abstract )?class (\w+)/gm);

const constantsIn = (source: string): readonly string[] => namesIn(source, /^export (?:const|let|enum) (\w+)/gm);

const namesIn = (source: string, pattern: RegExp): readonly string[] => [
  ...new Set([...source.matchAll(pattern)].flatMap(([, name]) => name ?? [])),
];

/** Whether one file takes nothing else than functions and classes of another, which it knows as `original`. */
function takesFunctions(importer: string, original: string, path: string): boolean {
  const source = readFileSync(path, 'utf8');
  const replaceable = new Set([...functionsIn(source), ...classesIn(source)]);
  const lists = [...readFileSync(importer, 'utf8').matchAll(/^(?:import|export)\s+(\S[^;]*?)\s+from\s+'([^']+)';/gm)];
  return lists
    .filter(([, list, from]) => from === original && list?.startsWith('type ') === false)
    .every(
      ([, list = '']) =>
        list.startsWith('{') &&
        list
          .slice(1, -1)
          .split(',')
          .map((name) => name.trim().replace(/ as .*/, ''))
          .every((name) => name === '' || name.startsWith('type ') || replaceable.has(name)),
    );
}

/**
 * Which files come later: those that the library imports, but for the constants that are needed to load it, and what it loads by `import()`.
 */
async function findLate(build: Build, mayBeLate: (path: string) => boolean) {
  const entries = entriesOf(build);
  const { metafile } = await build.esbuild.build({
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    splitting: true,
    platform: 'node',
    logLevel: 'error',
    entryPoints: entries,
    outdir: 'dist',
    plugins: [apart],
  });
  const importsOf = (path: string, kind: string) =>
    (metafile?.inputs[path]?.imports ?? []).filter((one) => one.kind === kind && one.external !== true);
  const reach = (roots: readonly string[], isBorder: (from: string, to: string, original: string) => boolean) => {
    const reached = new Set(roots);
    for (const from of reached)
      for (const { path, original = '' } of importsOf(from, 'import-statement'))
        if (!isBorder(from, path, original)) reached.add(path);
    return reached;
  };
  const library = reach(
    entries.filter((path) => path.endsWith('/index.ts')),
    () => false,
  );
  const loaded = Object.keys(metafile?.inputs ?? {}).flatMap((path) =>
    importsOf(path, 'dynamic-import').map(({ path }) => path),
  );
  const kept = reach(
    [...entries, ...loaded],
    (from, to, original) => library.has(to) && mayBeLate(relative('src', to)) && takesFunctions(from, original, to),
  );
  const isLate = (path: string): boolean => library.has(path) && !kept.has(path);
  // What isn't of the library (what it loads by import(), other entries) and needs files of it that come at once.
  const asked = Object.keys(metafile?.inputs ?? {})
    .filter((from) => !library.has(from))
    .flatMap((from) => importsOf(from, 'import-statement').map(({ path }) => path))
    .filter((path) => library.has(path) && !isLate(path) && !entries.includes(path));
  const absolute = (paths: Iterable<string>): ReadonlySet<string> => new Set([...paths].map((path) => resolve(path)));
  return {
    library: absolute(library),
    late: absolute([...library].filter(isLate)),
    asked: absolute(asked),
  };
}

/** The late files in one, and what they need of the rest. */
async function bundle(build: Build, isLate: (path: string) => boolean, files: readonly string[], folder: string) {
  const { initialOptions } = build;
  const byName = {
    name: 'by-name',
    setup(inner: Build): void {
      inner.onResolve({ filter: /^\.\.?\// }, (found) => {
        const path = sourceOf(found);
        if (found.kind === 'dynamic-import') return { path: `import:${relative(folder, path)}`, external: true };
        return isLate(path) ? undefined : { path: `early:${relative(folder, path)}`, external: true };
      });
    },
  };
  const { outputFiles, metafile } = await build.esbuild.build({
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    logLevel: 'error',
    target: initialOptions.target,
    minifySyntax: initialOptions.minifySyntax,
    minifyWhitespace: initialOptions.minifyWhitespace,
    lineLimit: initialOptions.lineLimit,
    outfile: lateFile,
    stdin: {
      contents: files.map((file, at) => `export * as m${String(at)} from ${JSON.stringify(file)};`).join('\n'),
      resolveDir: folder,
    },
    define: { 'import.meta.url': 'lateUrl' },
    plugins: [apart, byName],
  });
  const imported = Object.values(metafile?.outputs ?? {}).flatMap(({ imports }) => imports);
  const pathsOf = (isWanted: (path: string, kind: string) => boolean): readonly string[] => [
    ...new Set(imported.flatMap(({ path, kind }) => (isWanted(path, kind) ? path : []))),
  ];
  const imports = pathsOf((path) => path.startsWith('import:'));
  return {
    imports,
    early: pathsOf((path, kind) => kind === 'require-call' && !isBuiltin(path)),
    text: imports.reduce(
      (text, path) => text.replaceAll(`import("${path}")`, `lateImport("${path}")`),
      outputFiles?.[0]?.text ?? '',
    ),
  };
}

/**
 * @param mayBeLate - whether a source file may come later, by its path below `src`: not when something of it is called while the library is
 * loaded
 */
export function late(mayBeLate: (path: string) => boolean = () => true) {
  const folder = resolve('src');
  return {
    name: 'late',
    async setup(build: Build): Promise<void> {
      if (build.initialOptions.format !== 'esm') return;
      const { library, late, asked } = await findLate(build, mayBeLate);
      const isLateSource = (path: string): boolean => late.has(path);
      const files = [...late];
      if (files.length === 0) return;
      const { early: needed, imports, text } = await bundle(build, isLateSource, files, folder);
      const nameOf = (path: string): string => `early:${relative(folder, path)}`;
      const early = [...new Set([...needed, ...[...asked].map(nameOf)])];

      build.onResolve({ filter: /^\.\.?\// }, (found) => {
        const path = sourceOf(found);
        const isOutside = found.namespace === 'file' && !library.has(found.importer);
        if (isLateSource(path)) return { path, namespace: isOutside ? 'late-outside' : 'late' };
        return isOutside && asked.has(path) ? { path, namespace: 'early' } : undefined;
      });
      build.onResolve({ filter: /^late:library$/ }, () => ({ path: './index.js', external: true }));
      build.onLoad({ filter: /.*/, namespace: 'early' }, ({ path }) => ({
        resolveDir: dirname(path),
        contents: door(readFileSync(path, 'utf8'), nameOf(path)),
      }));
      build.onResolve({ filter: /^late:/ }, ({ path }) => ({ path, namespace: 'late-link' }));
      for (const namespace of ['late', 'late-outside']) {
        build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
          resolveDir: dirname(path),
          contents: standIns(readFileSync(path, 'utf8'), `m${String(files.indexOf(path))}`, relative(folder, path)),
        }));
      }
      build.onLoad({ filter: /.*/, namespace: 'late-link' }, ({ path }) => ({
        resolveDir: folder,
        contents: path === 'late:link' ? link : gift(early, imports),
      }));
      for (const entry of entriesOf(build)) {
        const path = resolve(entry);
        build.onLoad({ filter: new RegExp(`^${path}$`), namespace: 'file' }, () => ({
          resolveDir: dirname(path),
          contents: `${readFileSync(path, 'utf8')}\nimport '${library.has(path) ? 'late:gift' : 'late:library'}';\n`,
          loader: 'ts' as const,
        }));
      }
      build.onEnd(({ outputFiles = [] }) => {
        const wanted = outputFiles.flatMap(({ text: output }) =>
          [...output.matchAll(/lateConstant\("([^"]+)"\)/g)].map(([, name]) => name),
        );
        if (wanted.length > 0)
          throw new Error(`Constants of late files are used early: ${[...new Set(wanted)].join(', ')}`);
        const body = text.replace(/^"use strict";/, '');
        const dist = build.initialOptions.outdir ?? 'dist';
        // In a fresh clone, this is the first file of it.
        mkdirSync(dist, { recursive: true });
        writeFileSync(
          join(dist, lateFile),
          // In brackets: it is called at once.
          `"use strict";module.exports=(function(require,lateImport,lateUrl){const module={exports:{}};\n${body}return module.exports});\n`,
        );
      });
    },
  };
}

/** For each function and class of a late file one that loads it. A constant has none: who imports it must be late too, or its file early. */
function standIns(source: string, file: string, path: string): string {
  return [
    `import { late as hacoLate, lateClass as hacoLateClass } from 'late:link';`,
    ...constantsIn(source).map((name) => `export const ${name} = /* @__PURE__ */ lateConstant("${path}: ${name}");`),
    ...functionsIn(source).map(
      (name) =>
        `let to_${name}; export function ${name}(...args) { return (to_${name} ??= hacoLate().${file}.${name})(...args); }`,
    ),
    ...classesIn(source).map(
      (name) => `export const ${name} = /* @__PURE__ */ hacoLateClass(() => hacoLate().${file}.${name});`,
    ),
  ].join('\n');
}

/**
 * A file of the library for what isn't of it: all that it exports, as the library has it. If both had the file itself, esbuild would make a
 * chunk of their own for each set of files that the same ones need: twelve for the library to find and read, in place of two. (So it has stand-ins of
 * its own, too.)
 */
function door(source: string, name: string): string {
  const lists = [...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','));
  const listed = lists
    .map((one) => one.trim().replace(/^.* as /, ''))
    .filter((one) => one !== '' && !one.startsWith('type '));
  const names = [...functionsIn(source), ...classesIn(source), ...constantsIn(source), ...listed];
  return [
    `import 'late:library';`,
    `import { early as hacoEarly } from 'late:link';`,
    `const hacoFile = hacoEarly(${JSON.stringify(name)});`,
    ...new Set(names.map((one) => `export const ${one} = hacoFile.${one};`)),
  ].join('\n');
}

/** The module that loads the late file. */
const link = `
import { createRequire } from 'node:module';

let given;
let loaded;

export function give(early, imports) {
  given = { early, imports };
}

/** A file of the library that was loaded at once. */
export function early(name) {
  return given.early[name];
}

export function late() {
  if (loaded === undefined) {
    if (given === undefined) throw new Error('a late file is needed to load the library: say so in tsup.config.ts');
    const require = createRequire(import.meta.url);
    const { early, imports } = given;
    loaded = require('./${lateFile}')((name) => early[name] ?? require(name), (name) => imports[name](), import.meta.url);
  }
  return loaded;
}

/** A class can be called, constructed, extended and asked by instanceof: all of it goes to the real one. */
export function lateClass(find) {
  const standIn = new Proxy(function () {}, {
    construct: (_, args, target) => Reflect.construct(find(), args, target === standIn ? find() : target),
    get: (_, key) => Reflect.get(find(), key),
    has: (_, key) => Reflect.has(find(), key),
    getPrototypeOf: () => Reflect.getPrototypeOf(find()),
  });
  return standIn;
}
`;

/** The module that hands the late file what it needs of the rest; the last one to be loaded. */
function gift(early: readonly string[], imports: readonly string[]): string {
  const table = (entries: readonly string[]): string => `{ __proto__: null, ${entries.join(', ')} }`;
  const text = (value: string): string => JSON.stringify(value);
  return [
    `import { give } from 'late:link';`,
    ...early.map((path, at) => `import * as e${String(at)} from ${text(path.replace(/^early:/, './'))};`),
    `give(${table(early.map((path, at) => `${text(path)}: e${String(at)}`))}, ${table(
      imports.map((path) => `${text(path)}: () => import(${text(path.replace(/^import:/, './'))})`),
    )});`,
  ].join('\n');
}
