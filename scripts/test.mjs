// `npm test`: runs every lane that this machine can run and prints one line for each, with the reason where it can't.
//
//   npm test                          all lanes
//   npm test -- unit kernel           these lanes
//   npm test -- unit memory           …and only files whose path contains "memory"
//   npm test -- --verbose             with the output of every lane, not only of the failed ones
//   npm test -- --strict              nothing may be skipped: neither a lane nor a test (as the CI gate runs it)
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const isRoot = process.geteuid?.() === 0;
const notLinux = process.platform === 'linux' ? undefined : 'containers need Linux';
const NOBODY = 65534;

/**
 * The lanes, in the order in which they run. The projects of vitest.config.ts have the same names.
 * `missing` says why a lane can't run here; `user` is the one it runs as, when it isn't the current one.
 *
 * @type {{ name: string, missing?: () => string | undefined, user?: () => number | undefined }[]}
 */
const lanes = [
  { name: 'unit' },
  { name: 'types' },
  { name: 'native', missing: () => notLinux },
  { name: 'kernel', missing: () => notLinux ?? (isRoot ? undefined : 'needs root (sudo npm test)') },
  {
    name: 'rootless',
    missing: () =>
      notLinux ?? (isRoot && !readableByNobody() ? 'an ordinary user must be able to read this directory' : undefined),
    user: () => (isRoot ? NOBODY : undefined),
  },
];

const args = process.argv.slice(2);
const flags = new Set(args.filter((arg) => arg.startsWith('--')));
const names = args.filter((arg) => lanes.some((lane) => lane.name === arg));
const filters = args.filter((arg) => !arg.startsWith('--') && !names.includes(arg));
for (const flag of flags) {
  if (!['--verbose', '--strict'].includes(flag)) {
    console.error(`Unknown flag ${flag}; known are --verbose and --strict.`);
    process.exit(2);
  }
}

ensure();

let good = true;
const total = { passed: 0, failed: 0 };
for (const lane of lanes) {
  if (names.length > 0 && !names.includes(lane.name)) continue;
  const reason = lane.missing?.();
  if (reason !== undefined) {
    console.log(`- ${lane.name.padEnd(9)} not run: ${reason}`);
    if (flags.has('--strict')) good = false;
    continue;
  }
  good = runLane(lane) && good;
}
const closing = `${total.passed} passed, ${total.failed} failed`;
console.log(`\n${closing}`);
// For .ci/run, which ends with the same line.
writeFileSync(join(root, 'node_modules/.haco-test-count'), `${closing}\n`);
process.exitCode = good ? 0 : 1;

/** @param {(typeof lanes)[number]} lane */
function runLane(lane) {
  const start = performance.now();
  const user = lane.user?.();
  const { status, output, report } = vitest(lane.name, user);
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const tests = (report?.testResults ?? []).flatMap((file) => file.assertionResults);
  const count = (/** @type {string} */ what) => tests.filter((test) => test.status === what).length;
  const [passed, failed] = [count('passed'), count('failed')];
  total.passed += passed;
  total.failed += failed;
  const skipped = tests.length - passed - failed;
  const unwanted = flags.has('--strict') && skipped > 0;
  const ok = status === 0 && report !== undefined && !unwanted;
  const words = [
    tests.length === 0 && ok ? 'no tests' : `${passed} passed`,
    failed > 0 && `${failed} failed`,
    skipped > 0 && `${skipped} skipped`,
    seconds,
    user !== undefined && `as uid ${user}`,
  ];
  console.log(`${ok ? '✓' : '✗'} ${lane.name.padEnd(9)} ${words.filter(Boolean).join(', ')}`);
  if (status !== 0 || report === undefined || flags.has('--verbose')) console.log(output.trimEnd());
  return ok;
}

/** @typedef {{ testResults: { assertionResults: { status: string }[] }[] }} Report */

/** @param {string} project @param {number | undefined} user */
function vitest(project, user) {
  // The lane's own scratch directory: an ordinary user can't write into root's.
  const home = mkdtempSync(join(tmpdir(), `haco-${project}-`));
  if (user !== undefined) spawnSync('chown', [`${user}:${user}`, home]);
  const file = join(home, 'report.json');
  try {
    const { status, stdout, stderr, error } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        `--project=${project}`,
        '--passWithNoTests',
        // Reads vitest.config.ts without writing beside it: another user may not.
        '--configLoader=runner',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${file}`,
        ...filters,
      ],
      {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 256 * 1024 * 1024,
        env: { ...process.env, ...(user === undefined ? {} : { HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home }) },
        ...(user === undefined ? {} : { uid: user, gid: user }),
      },
    );
    return { status, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`, report: readReport(file) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** @param {string} file @returns {Report | undefined} */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function readableByNobody() {
  const probe = spawnSync(process.execPath, ['-e', 'require("fs").readFileSync("package.json")'], {
    cwd: root,
    uid: NOBODY,
    gid: NOBODY,
  });
  return probe.status === 0;
}
