/**
 * Compiles every ts block of the documents and of the docstrings, so that what is copied out of them works.
 *
 * A block without an import goes on from the block before it in the same document.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Code with the place where each of its lines comes from. */
interface Snippet {
  readonly file: string;
  readonly lines: readonly { readonly text: string; readonly line: number }[];
}

/** The ts blocks of a text; `strip` takes away what a comment puts before each line. */
function blocksOf(file: string, text: string, strip: (line: string) => string): Snippet[] {
  const snippets: Snippet[] = [];
  let open: { text: string; line: number }[] | undefined;
  text.split('\n').forEach((raw, index) => {
    const line = strip(raw);
    if (open === undefined) {
      if (/^\s*```ts\s*$/.test(line)) open = [];
    } else if (/^\s*```\s*$/.test(line)) {
      snippets.push({ file, lines: open });
      open = undefined;
    } else {
      open.push({ text: line, line: index + 1 });
    }
  });
  return snippets;
}

const hasImport = ({ lines }: Snippet): boolean => lines.some(({ text }) => /^\s*import\b/.test(text));

/** Blocks without an import are put behind the block before them. */
function joined(blocks: readonly Snippet[]): Snippet[] {
  const result: Snippet[] = [];
  for (const block of blocks) {
    const last = result.at(-1);
    if (last === undefined || hasImport(block)) result.push(block);
    else result[result.length - 1] = { file: last.file, lines: [...last.lines, ...block.lines] };
  }
  return result;
}

/** A docstring may leave out the name that it documents, but never an import of haco's own: each block stands for itself. */
function docstrings(file: string): Snippet[] {
  const text = readFileSync(join(root, file), 'utf8');
  return blocksOf(file, text, (line) => line.replace(/^\s*\* ?/, ''));
}

/** Files below a folder that end like this, relative to the repository. */
const filesBelow = (folder: string, end: string): readonly string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => join(folder, file))
        .filter((file) => file.endsWith(end) && !file.startsWith('docs/reference/'))
    : [];

const packages = readdirSync(join(root, 'packages'));
const documents = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...filesBelow('docs', '.md'),
  ...packages.map((name) => `packages/${name}/README.md`).filter((file) => existsSync(join(root, file))),
];
const sources = packages
  .flatMap((name) => filesBelow(`packages/${name}/src`, '.ts'))
  .filter((file) => !/\.(test|test-d|kernel|rootless|generated)\.ts$/.test(file));
const snippets = [
  ...documents.flatMap((file) => joined(blocksOf(file, readFileSync(join(root, file), 'utf8'), (line) => line))),
  ...sources.flatMap(docstrings),
];

// In a package that depends on all others: their imports are resolved as those of a user are.
const virtual = new Map(
  snippets.map((snippet, index) => [join(root, 'scripts', `snippet-${String(index)}.ts`), snippet]),
);

const parsed = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.base.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  },
);
const options: ts.CompilerOptions = { ...parsed?.options, noEmit: true };
const host = ts.createCompilerHost(options);
const onDisk = { fileExists: host.fileExists.bind(host), readFile: host.readFile.bind(host) };
host.fileExists = (path) => virtual.has(path) || onDisk.fileExists(path);
host.readFile = (path) => {
  const snippet = virtual.get(path);
  return snippet === undefined
    ? onDisk.readFile(path)
    : `${snippet.lines.map(({ text }) => text).join('\n')}\nexport {};\n`;
};
const getSourceFile = host.getSourceFile.bind(host);
host.getSourceFile = (path, languageVersion, ...rest) => {
  const text = virtual.has(path) ? host.readFile(path) : undefined;
  return text === undefined
    ? getSourceFile(path, languageVersion, ...rest)
    : ts.createSourceFile(path, text, languageVersion, true);
};
host.getCurrentDirectory = () => dirname(join(root, 'package.json'));

const program = ts.createProgram([...virtual.keys()], options, host);
let wrong = 0;
for (const [path, snippet] of virtual) {
  const source = program.getSourceFile(path);
  if (source === undefined) throw new Error(`the snippet ${path} was not read`);
  for (const diagnostic of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]) {
    const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    const at = snippet.lines[line] ?? snippet.lines[0];
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ');
    console.error(`${relative(root, join(root, snippet.file))}:${String(at?.line ?? 0)}: ${message}`);
    wrong += 1;
  }
}
if (snippets.length === 0) throw new Error('no snippet was found: the search is broken');
console.log(`${String(snippets.length)} snippets, ${String(wrong)} errors`);
process.exitCode = wrong === 0 ? 0 : 1;
