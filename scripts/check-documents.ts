// What is written in two places: figures in the README and in the guide to performance are those of the newest benchmark, the
// reference has every package, and links between documents lead somewhere. And that root scripts work on a fresh clone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(at(path), 'utf8');

/** Figures that the README leaves out: they are zero, or change their sign from run to run. */
const leftOut = /^(Threads of Node|\d+ runs )/;

/** The first figures of each target in docs/benchmarks/start.md: `0.52`, or both of `0.35 ms of 0.78 ms`. */
function measuredFigures(): readonly { readonly target: string; readonly figure: string }[] {
  const [, table = ''] = /## Targets\n\n([^#]*)/.exec(read('docs/benchmarks/start.md')) ?? [];
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows
    .filter(([, target = '', , measured = '']) => !leftOut.test(target) && /^\d/.test(measured))
    .flatMap(([, target = '', , measured = '']) => {
      const [first = ''] = measured.split(',');
      return (first.match(/\d+\.\d+/g) ?? []).map((figure) => ({ target, figure }));
    });
}

function figureProblems(): readonly string[] {
  const figures = measuredFigures();
  const [, section = ''] = /## How fast\n([^]*?)\n## /.exec(read('README.md')) ?? [];
  if (figures.length < 10 || section === '')
    return ['README.md or docs/benchmarks/start.md has another form than is read here'];
  return figures
    .filter(({ figure }) => !new RegExp(`(^|[^\\d.])${figure.replace('.', '\\.')}([^\\d]|$)`).test(section))
    .map(({ target, figure }) => `README.md, "How fast", doesn't have the ${figure} of "${target}"`);
}

/** The rows of each table of a document, as cells, by the heading above it. */
function tablesOf(path: string): ReadonlyMap<string, readonly (readonly string[])[]> {
  const tables = new Map<string, string[][]>();
  let heading = '';
  for (const line of read(path).split('\n')) {
    heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    if (!line.startsWith('|')) continue;
    const cells = line.split('|').map((cell) => cell.trim());
    tables.set(heading, [...(tables.get(heading) ?? []), cells.slice(1, -1)]);
  }
  return tables;
}

/** Tables of the guide with a heading of the benchmark have some of its rows and columns. */
function guideProblems(): readonly string[] {
  const guide = 'docs/guides/performance.md';
  const measured = tablesOf('docs/benchmarks/start.md');
  const shared = [...tablesOf(guide)].filter(([heading]) => measured.has(heading));
  if (shared.length < 4) return [`${guide} or docs/benchmarks/start.md has another form than is read here`];
  return shared.flatMap(([heading, [columns = [], , ...rows]]) => {
    const [names = [], , ...all] = measured.get(heading) ?? [];
    return rows.flatMap(([label = '', ...figures]) => {
      const found = all.find(([one]) => one === label);
      return figures
        .filter((figure, at) => found?.[names.indexOf(columns[at + 1] ?? '')] !== figure)
        .map((figure) => `${guide}, "${heading}": ${figure} is not what "${label}" took`);
    });
  });
}

function referenceProblems(): readonly string[] {
  const path = at('typedoc.json');
  const { config } = ts.readConfigFile(path, (name) => readFileSync(name, 'utf8')) as {
    readonly config?: { readonly entryPoints?: readonly string[] };
  };
  const listed = new Set(config?.entryPoints);
  return readdirSync(at('packages'))
    .filter((name) => (JSON.parse(read(`packages/${name}/package.json`)) as { private?: boolean }).private !== true)
    .filter((name) => !listed.has(`packages/${name}`))
    .map((name) => `typedoc.json lacks packages/${name}`);
}

/** Every document that people read, relative to the repository; the reference is generated, and has links of its own. */
function documents(): readonly string[] {
  const below = readdirSync(at('docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file));
  const packages = readdirSync(at('packages')).map((name) => `packages/${name}/README.md`);
  return [...readdirSync(at('.')), ...below, ...packages].filter(
    (file) => file.endsWith('.md') && !file.startsWith('docs/reference') && existsSync(at(file)),
  );
}

/** The anchors of a document, as GitHub makes them of its headings. */
function anchorsOf(path: string): ReadonlySet<string> {
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function linkProblems(): readonly string[] {
  return documents().flatMap((document) => {
    const prose = read(document).replace(/^```[^]*?^```/gm, '');
    const links = [...prose.matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    return links.flatMap(([, file = '', anchor]) => {
      const target = file === '' ? document : normalize(join(dirname(document), file));
      if (target.startsWith('docs/reference')) return [];
      if (!existsSync(at(target))) return [`${document}: there is no ${file}`];
      if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).has(anchor)) return [];
      return [`${document}: ${target} has no heading for #${anchor}`];
    });
  });
}

/** Each root script makes the clone ready before anything else: by its command, or by the program that it runs. */
function scriptProblems(): readonly string[] {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  return Object.entries(scripts).flatMap(([name, command]) => {
    const file = /^node (\S+)/.exec(command)?.[1] ?? '';
    const isReady = file === 'scripts/ensure.mjs' || (existsSync(at(file)) && /^ensure\(/m.test(read(file)));
    return isReady ? [] : [`package.json: "npm run ${name}" doesn't begin with scripts/ensure.mjs`];
  });
}

const problems = [
  ...scriptProblems(),
  ...figureProblems(),
  ...guideProblems(),
  ...referenceProblems(),
  ...linkProblems(),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
