// Who may import what, where neither pnpm nor tsc says so: pure code stays pure, and one file alone loads native code.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** One file of a package, as the rules see it. */
interface SourceFile {
  readonly pkg: string;
  /** Below `packages/<pkg>/`, with slashes. */
  readonly path: string;
  readonly isTest: boolean;
}

interface Rule {
  /** Said after "packages/x/src/y.ts imports z: ". */
  readonly why: string;
  /** Tests may reach what they need to look at. */
  readonly alsoTests?: boolean;
  readonly breaks: (file: SourceFile, specifier: string) => boolean;
}

const FEATURES = new Set(['namespaces', 'mounts', 'cgroups', 'caps', 'rlimits', 'confine', 'network', 'bootstrap']);
/** Of Node's modules, what brings others along: fetch, Web Crypto, workers. */
const SLOW = new Set(['node:http', 'node:https', 'node:crypto', 'node:worker_threads']);
const isRelative = (specifier: string) => specifier.startsWith('.');
const isNode = (specifier: string) => specifier.startsWith('node:');
const isHost = (file: SourceFile) => file.path.startsWith('src/host/');
/** A feature package that keeps its effects below src/host/. */
const isPure = (file: SourceFile) => FEATURES.has(file.pkg) && !isHost(file);

const rules: readonly Rule[] = [
  {
    why: 'only packages/sys/src/libc.ts loads koffi, and only when it is needed',
    alsoTests: true,
    breaks: (file, specifier) =>
      packageOf(specifier) === 'koffi' && !(file.pkg === 'sys' && file.path === 'src/libc.ts'),
  },
  {
    why: 'plan is pure, it imports nothing but neverthrow',
    breaks: (file, specifier) => file.pkg === 'plan' && !isRelative(specifier) && specifier !== 'neverthrow',
  },
  {
    why: 'only files below src/host/ reach the kernel through @haco/sys',
    breaks: (file, specifier) => isPure(file) && packageOf(specifier) === '@haco/sys',
  },
  {
    why: 'only files below src/host/ use Node, everything else in a feature is pure',
    // Making root file systems is all effect: bootstrap uses Node everywhere.
    breaks: (file, specifier) => isPure(file) && file.pkg !== 'bootstrap' && isNode(specifier),
  },
  {
    why: 'a package has one door: import it by its name',
    alsoTests: true,
    breaks: (file, specifier) => isRelative(specifier) && leaves(file, specifier),
  },
  {
    why: 'importing it opens the standard streams, which makes pipes non-blocking for everybody who shares them; process is there anyway',
    breaks: (_file, specifier) => specifier === 'node:process',
  },
  {
    why: 'every import of haco would load it, for milliseconds; process.getBuiltinModule() does when it is used (sys/src/late-builtins.ts)',
    // What bootstrap does on the host is loaded late as a whole; who calls a program doesn't import the library.
    breaks: (file, specifier) =>
      SLOW.has(specifier) && !['bootstrap', 'cli', 'oci'].includes(file.pkg) && !file.path.includes('/fixtures/'),
  },
  {
    why: "Node's own modules are spelled node:…",
    alsoTests: true,
    breaks: (_file, specifier) => builtinModules.includes(specifier),
  },
];

const problems: string[] = [];
let count = 0;
for (const pkg of readdirSync(join(root, 'packages')).sort()) {
  for (const path of filesOf(join(root, 'packages', pkg, 'src'))) {
    count += 1;
    check(pkg, path);
  }
}
console.log(problems.length === 0 ? `${count} files keep the import rules.` : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;

function check(pkg: string, path: string): void {
  const text = readFileSync(path, 'utf8');
  const file: SourceFile = {
    pkg,
    path: relative(join(root, 'packages', pkg), path)
      .split(sep)
      .join('/'),
    isTest: pkg === 'testkit' || /\.(test|test-d|kernel|rootless)\.ts$/.test(path),
  };
  for (const { fileName: specifier, pos } of ts.preProcessFile(text, true, true).importedFiles) {
    for (const rule of rules) {
      if ((file.isTest && rule.alsoTests !== true) || !rule.breaks(file, specifier)) continue;
      const line = text.slice(0, pos).split('\n').length;
      problems.push(`packages/${pkg}/${file.path}:${line} imports ${specifier}: ${rule.why}`);
    }
  }
}

/** `@haco/sys/deep` → `@haco/sys`, `koffi/x` → `koffi`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function leaves(file: SourceFile, specifier: string): boolean {
  const home = join(root, 'packages', file.pkg);
  return !resolve(dirname(join(home, file.path)), specifier).startsWith(home + sep);
}

function filesOf(dir: string): string[] {
  let entries;
  try {
    entries = readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesOf(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}
