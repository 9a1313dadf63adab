// `npm test`: runs every lane that this machine can run and prints one line for each, with the reason where it can't.
//
//   npm test                          all lanes
//   npm test -- unit kernel           these lanes
//   npm test -- unit memory           …and only files whose path contains "memory"
//   npm test -- v2                    the kernel tests in virtual machines with nothing but cgroup v2
//   npm test -- --near                while you work: the unit and kernel tests near what was changed since the last commit
//   npm test -- --verbose             with the output of every lane, not only of the failed ones
//   npm test -- --strict              nothing may be skipped: neither a lane nor a test (as the CI gate runs it)
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';
import { changedFiles, kernelTestsIn, testsNear } from './near-changes.mjs';
import { nodeOf } from './other-node.mjs';
import { failuresOf, lastWords, strayErrors } from './test-failures.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const vmRun = join(root, 'packages/testkit/vm/vm-run');
const isRoot = process.geteuid?.() === 0;
const notLinux = process.platform === 'linux' ? undefined : 'containers need Linux';
const NOBODY = 65534;
/** vm-run's word when its emulator was ended by a signal (128 + its number). */
const MACHINE_CRASHED = /^vm-run: the machine ended without a result \(status 1[2-9]\d\)$/m;

/** Why a kernel test may be left out on this host: the virtual machines run it. */
const forMachines = [
  /^the host has cgroup v1 hierarchies/,
  /^the host was not booted with systemd/,
  /^no mounted cgroup hier/,
];

/**
 * The lanes, in the order in which they run.
 * - `missing` says why a lane can't run here;
 * - `project` is the one of vitest.config.ts, when it hasn't the name of the lane;
 * - `user` is the one it runs as, when it isn't the current one;
 * - `node` is the version of Node it runs with, when it isn't the current one;
 * - `vm` are the options of packages/testkit/vm/vm-run for a lane that runs in a virtual machine;
 * - `built` says that it runs what is built, not the sources;
 * - `only` is what it runs when no files were named;
 * - `elsewhere` are reasons for which tests may be left out here, because another lane runs them.
 *
 * @typedef {{ name: string, missing?: () => string | undefined, project?: string, user?: () => number | undefined,
 *   node?: number, vm?: string[], built?: boolean, only?: string[], elsewhere?: RegExp[] }} Lane
 * @type {Lane[]}
 */
const lanes = [
  { name: 'unit' },
  { name: 'types' },
  { name: 'native', missing: () => notLinux },
  {
    name: 'kernel',
    missing: () => notLinux ?? (isRoot ? undefined : 'needs root (sudo npm test)'),
    // Debian 12 has no podman with it; what quadlet would start is started without it.
    elsewhere: [...forMachines, /^podman has no quadlet/],
  },
  {
    name: 'rootless',
    missing: () =>
      notLinux ??
      (isRoot && !readableByNobody()
        ? `an ordinary user must be able to read ${root}; clone it e.g. below /srv`
        : undefined),
    user: () => (isRoot ? NOBODY : undefined),
    elsewhere: [
      /^the host has cgroup v1 hierarchies/,
      /^the host was not booted with systemd/,
      /only a virtual machine/,
      // "nobody" has none; the user of the virtual machines has.
      /^\/etc\/sub[ug]id has no range for/,
    ],
  },
  withNode(22),
  withNode(24),
  withNode(26),
  {
    name: 'package',
    built: true,
    missing: () => notLinux ?? (isRoot ? undefined : 'needs root (sudo npm test)'),
  },
  // Nothing but cgroup v2 (packages/testkit/vm/README.md): User Mode Linux is as fast as the machine, and Debian's own
  // kernel in an emulator shows what it has not.
  virtual({ name: 'v2-root', project: 'kernel', vm: ['--uml'] }),
  virtual({ name: 'v2-systemd', project: 'kernel', vm: ['--uml', '--systemd'] }),
  virtual({ name: 'v2-user', project: 'rootless', vm: ['--uml', '--user', 'tester'] }),
  virtual({ name: 'v2-systemd-user', project: 'rootless', vm: ['--uml', '--systemd', '--user', 'tester'] }),
  // There, what a limit does; how it fails (failures.kernel.ts, whose programs start Node) is the same in the other lanes, and each
  // Node takes half a minute to begin in the emulator.
  virtual({
    name: 'v2-debian',
    project: 'kernel',
    vm: ['--systemd'],
    only: ['cgroups', 'cgroups.v2', 'resources', 'keys', 'host/group', 'host/device-program', 'host/systemd/scope'].map(
      (name) => `packages/cgroups/src/${name}.kernel.ts`,
    ),
  }),
];

/**
 * What depends on the version of Node: descriptors, signals, streams, workers, native calls.
 *
 * @param {number} major @returns {Lane}
 */
function withNode(major) {
  return {
    name: `node-${major}`,
    project: 'kernel',
    node: major,
    missing: () => {
      if (!isRoot) return notLinux ?? 'needs root (sudo npm test)';
      const found = nodeOf(major);
      return notLinux ?? ('reason' in found ? found.reason : undefined);
    },
    elsewhere: forMachines,
    only: [
      'sys/src/launcher/launch',
      'sys/src/launcher/fork-server',
      'sys/src/exit/watch',
      'core/src/lifecycle',
      'core/src/streams/streams',
      'core/src/streams/terminal',
      'core/src/streams/worker',
      'core/src/pool/pool',
      'core/src/exec/exec',
      'core/src/files/files',
    ].map((name) => `packages/${name}.kernel.ts`),
  };
}

/** The program that runs the tests of a lane. @param {Lane} lane */
function nodeFor({ node }) {
  const found = node === undefined ? { program: process.execPath } : nodeOf(node);
  return 'program' in found ? found.program : process.execPath;
}

/** @param {Lane & { vm: string[] }} lane @returns {Lane} */
function virtual(lane) {
  return {
    ...lane,
    missing: () => notLinux ?? (isRoot ? undefined : 'needs root (sudo npm test)') ?? prepareMachine(lane.vm),
    elsewhere: [
      /^no cgroup v1 hierarchy is mounted/,
      /^this process may use one processor only/,
      /has the controller (blkio|cpuacct|devices|freezer|net_cls|net_prio|perf_event)$/,
      ...(lane.vm.includes('--uml')
        ? [/has the controller (hugetlb|cpuset)$/, /^the kernel has no PSI/, /^Landlock is not enabled/]
        : []),
      lane.vm.includes('--systemd') ? /^the host was booted with systemd/ : /^the host was not booted with systemd/,
    ],
  };
}

/**
 * What virtual machines don't run, said at the start of each run. They have no way to packages; they are there for cgroup v2, which
 * images, networks and the command line know only by way of core; and each of the many Node programs that these tests start takes ten
 * seconds to begin in a machine of one processor, so that the lanes would come to their time limit.
 */
const notInMachines = [
  '**/debootstrap.*',
  '**/lxcfs.*',
  // What another filter refuses is the same below any kind of cgroups, and each test starts a Node of its own.
  '**/outer-filter.*',
  '**/packages/cli/**',
  '**/tests/cli/**',
  '**/packages/network/**',
  '**/packages/oci/**',
  '**/packages/bootstrap/src/archive.*',
  '**/packages/bootstrap/src/strategies/{image,tools}.*',
  '**/packages/core/src/checkpoint/**',
  '**/packages/core/src/rootfs/**',
  '**/packages/core/src/supervise/**',
  '**/tests/{docker,examples}.*',
];

const args = process.argv.slice(2);
const flags = new Set(args.filter((arg) => arg.startsWith('--')));
const names = args.filter((arg) => lanes.some((lane) => isNamed(lane, arg)));
const filters = args.filter((arg) => !arg.startsWith('--') && !names.includes(arg));
/** @type {Readonly<Record<string, string[]>> | undefined} */
const near = flags.has('--near') ? testsNear(changedFiles(root), kernelTestsIn(root)) : undefined;
for (const flag of flags) {
  if (!['--near', '--verbose', '--strict'].includes(flag)) {
    console.error(`Unknown flag ${flag}; known are --near, --verbose and --strict.`);
    process.exit(2);
  }
}

ensure();

let good = true;
const total = { passed: 0, failed: 0 };
/** @type {string[]} */
const failures = [];
/** What failed, and passed at the second try. @type {string[]} */
const shaky = [];
const mostAgain = 8;
const wanted = lanes
  .filter((lane) => names.length === 0 || names.some((name) => isNamed(lane, name)))
  .filter(({ name }) => near === undefined || (near[name] ?? []).length > 0);
const ready = wanted.filter((lane) => {
  const reason = lane.missing?.();
  if (reason === undefined) return true;
  console.log(`- ${lane.name.padEnd(15)} not run: ${reason}`);
  if (flags.has('--strict')) {
    good = false;
    failures.push(`✗ ${lane.name}: not run: ${reason}`);
  }
  return false;
});
if (ready.some(({ built }) => built)) ensure({ build: true, quiet: true });
for (const lane of ready.filter(({ vm }) => !hasOneProcessor(vm))) good = (await runLane(lane)) && good;
// A machine with one processor keeps one of ours busy: as many at once as there are.
const waiting = ready.filter(({ vm }) => hasOneProcessor(vm));
if (ready.some(({ vm }) => vm !== undefined)) {
  console.log(`- the virtual machines leave out ${notInMachines.join(', ')}`);
}
await Promise.all(
  (waiting.length === 0 ? [] : allowedProcessors()).map(async (processor) => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
      good = (await runLane(lane, processor)) && good;
    }
  }),
);
// Last, and whole: who reads a log often sees only its end.
const closing = [...shaky, ...failures, `${total.passed} passed, ${total.failed} failed`].join('\n');
console.log(`\n${closing}`);
// For .ci/run, which ends with the same lines.
writeFileSync(join(root, 'node_modules/.haco-test-count'), `${closing}\n`);
process.exitCode = good ? 0 : 1;

/** `v2` and `node` stand for all of their variants. @param {Lane} lane @param {string} name */
function isNamed(lane, name) {
  return lane.name === name || (lane.name.startsWith(`${name}-`) && ['v2', 'node'].includes(name));
}

/** @param {string[] | undefined} vm */
function hasOneProcessor(vm) {
  return vm?.includes('--uml') === true;
}

/** Numbers of the processors that this process may use. */
function allowedProcessors() {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** @param {Lane} lane @param {number} [processor] */
async function runLane(lane, processor) {
  const start = performance.now();
  const user = lane.user?.();
  const where = { user, processor };
  const first = await vitest(lane, where);
  const { status, output, report } = machineCrashed(first)
    ? await anotherMachine(lane, first, where)
    : await secondTry(lane, first, where);
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const tests = (report?.testResults ?? []).flatMap((file) => file.assertionResults);
  const count = (/** @type {string} */ what) => tests.filter((test) => test.status === what).length;
  const own = report === undefined ? [] : failuresOf(lane.name, report, output, root);
  const [passed, failed] = [count('passed'), own.length];
  total.passed += passed;
  total.failed += failed;
  const excused = leftToOthers(output, lane.elsewhere ?? []);
  const isLeft = (/** @type {{ ancestorTitles: string[] }} */ { ancestorTitles }) =>
    ancestorTitles.some((title) => excused.has(title));
  const left = tests.filter((test) => !ran(test.status) && isLeft(test)).length;
  const skipped = tests.filter((test) => !ran(test.status) && !isLeft(test));
  const unwanted = flags.has('--strict') && skipped.length > 0;
  const ok = status === 0 && report !== undefined && !unwanted;
  const named = [...own, ...(status === 0 ? [] : strayErrors(lane.name, output))];
  const isUnexplained = named.length === 0 && (status !== 0 || report === undefined);
  failures.push(...named, ...(isUnexplained ? [lastWords(lane.name, output, status)] : []));
  if (unwanted) {
    const titles = new Set(skipped.map((test) => [...test.ancestorTitles, test.title].filter(Boolean).join(' › ')));
    failures.push(...[...titles].map((title) => `✗ ${lane.name}: skipped: ${title}`));
  }
  const words = [
    tests.length === 0 && ok ? 'no tests' : `${passed} passed`,
    failed > 0 && `${failed} failed`,
    skipped.length > 0 && `${skipped.length} skipped`,
    left > 0 && `${left} left to other lanes`,
    seconds,
    user !== undefined && `as uid ${user}`,
  ];
  console.log(`${ok ? '✓' : '✗'} ${lane.name.padEnd(15)} ${words.filter(Boolean).join(', ')}`);
  if (skipped.length > 0) for (const line of reasonsFor(output, excused)) console.log(`  left out: ${line}`);
  if (status !== 0 || report === undefined || flags.has('--verbose')) console.log(output.trimEnd());
  return ok;
}

/**
 * Why suites were left out that no other lane runs: each reason once, with the suites that it is about.
 *
 * @param {string} output @param {Set<string>} excused
 */
function reasonsFor(output, excused) {
  /** @type {Map<string, string[]>} */
  const reasons = new Map();
  for (const [, title = '', why = ''] of output.matchAll(/^SKIPPED (.*?): (.*)$/gm)) {
    if (!excused.has(title)) reasons.set(why, [...(reasons.get(why) ?? []), title]);
  }
  return [...reasons].map(
    ([why, titles]) =>
      `${why} (${String(titles.length)}: ${titles.slice(0, 3).join(', ')}${titles.length > 3 ? ', …' : ''})`,
  );
}

/**
 * Files in which something failed run once more, by themselves: on a machine that others keep busy, what waits for the kernel or for a
 * clock sometimes waits too long. What passes then doesn't count as failed, and is named all the same, here and at the end; what
 * fails twice has failed.
 *
 * @param {Lane} lane @param {Run} first @param {{ user: number | undefined, processor: number | undefined }} where
 * @returns {Promise<Run>}
 */
async function secondTry(lane, first, where) {
  const files = first.report?.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name) ?? [];
  // Many failures aren't bad luck, and a lane that is broken as a whole has no report.
  if (first.report === undefined || files.length === 0 || files.length > mostAgain) return first;
  const again = await vitest(lane, { ...where, files });
  if (again.report === undefined) return first;
  const failedAgain = new Set(
    again.report.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name),
  );
  const lucky = failuresOf(lane.name, first.report, first.output, root).filter(
    (line) => !files.some((file) => failedAgain.has(file) && line.includes(relative(root, file))),
  );
  shaky.push(...lucky.map((line) => line.replace(/^✗/, '~')));
  const others = first.report.testResults.filter(({ name }) => !files.includes(name));
  return {
    status: again.status,
    output: `${first.output}\n=== ${lane.name}: once more, by themselves: ${files.length} files\n${again.output}`,
    report: { testResults: [...others, ...again.report.testResults] },
  };
}

/** The emulator itself ended by a signal, whatever ran in it. @param {Run} run */
function machineCrashed({ report, output }) {
  return report === undefined && MACHINE_CRASHED.test(output);
}

/**
 * Once more in a new machine, and named at the end like what failed at first and then passed.
 *
 * @param {Lane} lane @param {Run} first @param {{ user: number | undefined, processor: number | undefined }} where
 * @returns {Promise<Run>}
 */
async function anotherMachine(lane, first, where) {
  const again = await vitest(lane, where);
  if (!machineCrashed(again)) shaky.push(lastWords(lane.name, first.output, first.status).replace(/^✗/, '~'));
  return { ...again, output: `${first.output}\n=== ${lane.name}: once more, in a new machine\n${again.output}` };
}

/** @param {string} status */
function ran(status) {
  return status === 'passed' || status === 'failed';
}

/** Titles of what `describeWith` left out for one of these reasons. @param {string} output @param {RegExp[]} reasons */
function leftToOthers(output, reasons) {
  const lines = [...output.matchAll(/^SKIPPED (.*?): (.*)$/gm)];
  const excused = lines.filter(([, , why = '']) =>
    why.split('; ').some((part) => reasons.some((reason) => reason.test(part))),
  );
  return new Set(excused.map(([, title = '']) => title));
}

/** @typedef {import('./test-failures.mjs').Report} Report */

/** @typedef {{ status: number | null, output: string, report: Report | undefined }} Run */

/**
 * @param {Lane} lane @param {{ user: number | undefined, processor: number | undefined, files?: string[] }} where
 * @returns {Promise<Run>}
 */
async function vitest(lane, { user, processor, files }) {
  // The lane's own scratch directory: an ordinary user can't write into root's. Not called haco-…, which a test run beside this one would
  // take for something that a container has left.
  const home = mkdtempSync(join(tmpdir(), `lane-${lane.name}-`));
  if (user !== undefined) spawnSync('chown', [`${user}:${user}`, home]);
  const file = join(home, 'report.json');
  const command = [
    nodeFor(lane),
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    `--project=${lane.project ?? lane.name}`,
    '--passWithNoTests',
    // Reads vitest.config.ts without writing beside it: another user may not.
    '--configLoader=runner',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...(lane.vm === undefined ? [] : ['--testTimeout=120000', '--hookTimeout=240000']),
    ...(files ?? (filters.length > 0 ? filters : (near?.[lane.name] ?? lane.only ?? []))),
  ];
  if (lane.vm !== undefined) chmodSync(home, 0o777);
  const machine =
    lane.vm === undefined
      ? []
      : [
          ...(processor === undefined ? [] : ['taskset', '-c', String(processor)]),
          ...[vmRun, ...lane.vm, '--timeout=2400', `--rw=${home}`, '--'],
        ];
  const local = lane.vm === undefined ? [] : notInMachines.map((pattern) => `--exclude=${pattern}`);
  try {
    const { status, output } = await perform([...machine, ...command, ...local], {
      cwd: root,
      env: { ...process.env, ...(user === undefined ? {} : { HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home }) },
      ...(user === undefined ? {} : { uid: user, gid: user }),
    });
    return { status, output, report: readReport(file) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * What it printed, and its exit code; null when it could not be started or was killed.
 *
 * @param {string[]} command @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function perform([program = '', ...args], options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    }
    child.on('error', (error) => resolve({ status: null, output: output + error.message }));
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** Why there can't be such a machine here; what it needs is downloaded by the first run. @param {string[]} options */
function prepareMachine(options) {
  const { status, stderr, error } = spawnSync(vmRun, [...options, '--prepare'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1) ?? 'no virtual machine');
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
  const probe = spawnSync(
    process.execPath,
    ['-e', `require("fs").readFileSync(${JSON.stringify(join(root, 'package.json'))})`],
    {
      uid: NOBODY,
      gid: NOBODY,
    },
  );
  return probe.status === 0;
}
