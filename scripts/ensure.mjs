// Makes a clone ready: installs what the lockfile says when node_modules is behind it, and with --build also builds the
// packages whose sources changed. Every root script calls this first, so each of them works right after `git clone`.
//
// Plain JavaScript without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// Called through npx: Node 20's corepack can't verify today's pnpm signatures, and pnpm 11 doesn't start on Node 20.
export const PNPM = 'pnpm@10.34.9';

const installStamp = join(root, 'node_modules/.haco-stamp');
const buildStamp = join(root, 'node_modules/.haco-build.json');

/** @param {{ build?: boolean, quiet?: boolean }} [options] */
export function ensure({ build = false, quiet = false } = {}) {
  const say = (/** @type {string} */ text) => quiet || console.error(text);
  checkNode();
  withLock(() => {
    install(say);
    if (build) buildPackages(say);
  });
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`haco needs Node 20.19 or later, this is ${process.version}.`);
}

/** @param {(text: string) => void} say */
function install(say) {
  const wanted = hash([
    `${PNPM} ${process.platform} ${process.arch}`,
    ...['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((file) => readFileSync(join(root, file), 'utf8')),
  ]);
  if (read(installStamp) === wanted) return;
  say('Installing dependencies …');
  run(
    ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'],
    `Dependencies could not be installed. If a package.json changed, renew the lockfile: npx ${PNPM} install`,
  );
  writeFileSync(installStamp, wanted);
}

/** @param {(text: string) => void} say */
function buildPackages(say) {
  const packages = readPackages();
  const built = /** @type {Record<string, string>} */ (JSON.parse(read(buildStamp) ?? '{}'));
  const stale = [...packages.values()].filter(
    (p) =>
      built[p.name] !== p.hash() ||
      !existsSync(join(p.dir, 'dist/index.js')) ||
      !existsSync(join(p.dir, 'dist/index.d.ts')),
  );
  if (stale.length === 0) return say('The build is up to date.');
  say(`Building ${stale.map((p) => p.name).join(', ')} …`);
  const filters = stale.map((p) => `--filter=${p.name}`);
  run(['--reporter=append-only', ...filters, 'run', 'build'], 'The build failed.', { onlyFailure: true });
  for (const p of stale) built[p.name] = p.hash();
  writeFileSync(buildStamp, JSON.stringify(built, null, 2));
}

/** The packages that are built, each with a hash over its sources and those of the packages that it stands on. */
function readPackages() {
  const shared = [
    'package.json',
    'pnpm-lock.yaml',
    'tsup.base.ts',
    'scripts/late.ts',
    'scripts/notices.ts',
    'scripts/required.ts',
    'tsconfig.base.json',
  ].map((file) => readFileSync(join(root, file), 'utf8'));
  /** @type {Map<string, { name: string, dir: string, hash: () => string }>} */
  const packages = new Map();
  for (const entry of readdirSync(join(root, 'packages'))) {
    const dir = join(root, 'packages', entry);
    const text = read(join(dir, 'package.json'));
    if (text === undefined) continue;
    const manifest = JSON.parse(text);
    if (manifest.scripts?.build === undefined) continue;
    /** @type {string | undefined} */
    let known;
    const hashOf = () => {
      const files = ['tsup.config.ts', 'tsconfig.json'].map((file) => read(join(dir, file)) ?? '');
      const below = Object.keys(manifest.dependencies ?? {}).map((name) => packages.get(name)?.hash() ?? '');
      return hash([...shared, text, ...files, ...sourcesOf(join(dir, 'src')), ...below]);
    };
    packages.set(manifest.name, { name: manifest.name, dir, hash: () => (known ??= hashOf()) });
  }
  return packages;
}

/** @param {string} dir @returns {string[]} */
function sourcesOf(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return sourcesOf(path);
      return /\.(test|test-d|kernel|rootless)\.ts$/.test(entry.name) ? [] : [path, readFileSync(path, 'utf8')];
    })
    .map((text) => text.replace(root, ''));
}

/** Two scripts started at once must not install or build over each other. @param {() => void} work */
function withLock(work) {
  const lock = join(root, 'node_modules/.haco-lock');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const holder = Number(read(join(lock, 'pid')));
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (holder > 0 ? !isAlive(holder) : age > 5_000) rmSync(lock, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  writeFileSync(join(lock, 'pid'), String(process.pid));
  work();
  process.off('exit', release);
  release();
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * @param {string[]} args @param {string} complaint
 * @param {{ onlyFailure?: boolean }} [options] - `onlyFailure`: what the command says is shown when it fails
 */
function run(args, complaint, { onlyFailure = false } = {}) {
  const output = onlyFailure ? 'pipe' : 2;
  const { status, error, stdout, stderr } = spawnSync('npx', ['--yes', PNPM, ...args], {
    cwd: root,
    // The scripts' own output is the answer; installing and building speak on stderr. CI: never ask a question.
    stdio: ['ignore', output, output],
    // loglevel: `npm run --silent` would silence pnpm's reasons, too.
    env: { ...process.env, CI: 'true', npm_config_loglevel: 'notice' },
    encoding: 'utf8',
    maxBuffer: Infinity,
  });
  if (status !== 0 && onlyFailure) console.error(`${stdout ?? ''}${stderr ?? ''}`.trimEnd());
  if (error !== undefined) fail(`${complaint} (npx: ${error.message})`);
  if (status !== 0) fail(complaint);
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string[]} texts */
function hash(texts) {
  const sum = createHash('sha256');
  for (const text of texts) sum.update(`${text.length}:`).update(text);
  return sum.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensure({ build: process.argv.includes('--build'), quiet: process.argv.includes('--quiet') });
}
