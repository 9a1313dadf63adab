// Dead code: what a file of a package exports and nothing but tests uses, files that nothing loads, and dependencies that are never loaded.
// Names are compared, not types, which takes seconds; the linter tells what is unused within a file.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs, and what is loaded by its path. Everything that a package's index.ts exports is used by others. */
const isEntry = (path: string) =>
  !/^packages\/(?!testkit\/)/.test(path) ||
  /^packages\/[^/]+\/(src\/(index|main|cli|runtime\/main|runtime\/heavy|supervise\/main)|[^/]+\.config)\.ts$/.test(
    path,
  );
/** Tests, and what they share: known by its name, its folder, or its first comment. */
const isTest = ({ path, source }: File) =>
  /\.(test|test-d|kernel|rootless)\.ts$|fixture|\/(agreement|differential|engines)\//.test(path) ||
  /\btests?\b/.test(source.text.split('\n', 1)[0] ?? '');

interface File {
  readonly path: string;
  readonly exports: ReadonlyMap<string, ts.Node>;
  /** Files that it loads, with the names that it takes of them; undefined: all. */
  readonly imports: readonly { readonly from: string; readonly names: readonly string[] | undefined }[];
  /** How often a name stands in it. */
  readonly mentions: ReadonlyMap<string, number>;
  /** Its strings, among which are the packages that it loads. */
  readonly texts: ReadonlySet<string>;
  readonly source: ts.SourceFile;
}

const folders = ['packages', 'scripts', 'tests', 'examples', 'bench'];
const files = new Map(folders.flatMap((folder) => filesOf(folder)).map((path) => [path, read(path)] as const));
const used = new Map<string, Set<string> | 'all'>();
for (const file of files.values()) {
  if (isTest(file)) continue;
  for (const { from, names } of file.imports) use(from, names);
}

const problems = [...[...files.values()].flatMap(deadIn), ...readdirSync(join(root, 'packages')).flatMap(needlessOf)];
console.log(
  problems.length === 0
    ? `${String(files.size)} files, and nothing in them is dead.`
    : `${problems.join('\n')}\nTake it away, or move it to the tests that use it.`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

function deadIn(file: File): readonly string[] {
  if (isEntry(file.path) || isTest(file) || file.path.endsWith('.generated.ts')) return [];
  const mine = used.get(file.path);
  if (mine === undefined) return [`${file.path} is loaded by nothing but tests`];
  if (mine === 'all') return [];
  return [...file.exports]
    .filter(([name]) => !mine.has(name) && (file.mentions.get(name) ?? 0) < 2)
    .map(([name, node]) => {
      const { line } = file.source.getLineAndCharacterOfPosition(node.getStart());
      return `${file.path}:${String(line + 1)} exports ${name}, which nothing uses but tests`;
    });
}

/** What everybody who installs a package gets with it, though it is never loaded. */
function needlessOf(folder: string): readonly string[] {
  const own = [...files.values()].filter(({ path }) => path.startsWith(`packages/${folder}/`));
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(join(root, `packages/${folder}/package.json`), 'utf8'),
  ) as { readonly dependencies?: object; readonly devDependencies?: object };
  const isNamedIn = (some: readonly File[], name: string) =>
    some.some(({ texts }) => texts.has(name) || [...texts].some((text) => text.startsWith(`${name}/`)));
  return [
    ...Object.keys(dependencies).filter(
      (name) => !isNamedIn(folder === 'testkit' ? own : own.filter((file) => !isTest(file)), name),
    ),
    ...Object.keys(devDependencies).filter((name) => !isNamedIn(own, name)),
  ].map((name) => `packages/${folder}/package.json depends on ${name}, which it doesn't load`);
}

function use(path: string, names: readonly string[] | undefined): void {
  const known = used.get(path) ?? new Set<string>();
  if (names === undefined) used.set(path, 'all');
  else {
    if (known !== 'all') for (const name of names) known.add(name);
    used.set(path, known);
  }
}

function read(path: string): File {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const exports = new Map<string, ts.Node>();
  const imports: { from: string; names: readonly string[] | undefined }[] = [];
  const mentions = new Map<string, number>();
  const add = (specifier: ts.Node | undefined, names: readonly string[] | undefined) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    imports.push({ from: relative(root, resolve(root, dirname(path), specifier.text)).replace(/\.js$/, '.ts'), names });
  };
  const texts = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) mentions.set(node.text, (mentions.get(node.text) ?? 0) + 1);
    if (ts.isStringLiteralLike(node)) texts.add(node.text);
    if (ts.isImportDeclaration(node)) {
      if (ts.isStringLiteral(node.moduleSpecifier)) texts.add(node.moduleSpecifier.text);
      const bindings = node.importClause?.namedBindings;
      const all = bindings !== undefined && ts.isNamespaceImport(bindings);
      add(node.moduleSpecifier, all ? undefined : namesOf(bindings as ts.NamedImports | undefined));
      return;
    }
    if (ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) texts.add(node.moduleSpecifier.text);
      const clause = node.exportClause;
      if (node.moduleSpecifier !== undefined) {
        add(node.moduleSpecifier, clause === undefined || ts.isNamespaceExport(clause) ? undefined : namesOf(clause));
      }
      return;
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], undefined);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, undefined);
    if (ts.canHaveModifiers(node) && node.parent === source && isExported(node)) {
      if (ts.isVariableStatement(node)) {
        for (const { name } of node.declarationList.declarations)
          if (ts.isIdentifier(name)) exports.set(name.text, node);
      } else {
        const { name } = node as { name?: ts.Node };
        if (name !== undefined && ts.isIdentifier(name)) exports.set(name.text, node);
      }
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return { path, exports, imports, mentions, texts, source };
}

function isExported(node: ts.HasModifiers): boolean {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function namesOf(clause: ts.NamedImports | ts.NamedExports | undefined): readonly string[] {
  return clause?.elements.map(({ name, propertyName }) => (propertyName ?? name).text) ?? [];
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : filesOf(path);
    return /\.m?ts$/.test(entry.name) && !entry.name.endsWith('.d.mts') ? [path] : [];
  });
}
