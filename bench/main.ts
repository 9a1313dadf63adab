/** `npm run bench`: haco beside what people use, in one run. See `npm run bench -- --help`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { measureStats, statsHeading, statsTable } from './src/cgroup-stats.js';
import { measureCli } from './src/cli.js';
import { measureImport } from './src/import-cost.js';
import { describeMachine, reportPage, reportSections, targetsTable } from './src/report.js';
import { readMachine } from './src/machine.js';
import { parseOptions } from './src/options.js';
import type { Results } from './src/results.js';
import { runScenario } from './src/run-scenario.js';
import { measureSeccomp, seccompReport } from './src/seccomp.js';
import { prepareStage } from './src/stage.js';
import { judgeStats } from './src/targets.js';
import { plot } from './src/svg.js';
import { measureUnpack } from './src/unpack.js';

const docs = fileURLToPath(new URL('../docs/benchmarks/', import.meta.url));

/** Snapshots of live containers: none of the contenders is needed. */
async function cgroups(quick: boolean): Promise<number> {
  const amounts = { containers: quick ? 50 : 500, rounds: 10, seconds: quick ? 2 : 10 };
  const machine = { ...readMachine(), realtime: false };
  const figures = await measureStats(amounts);
  const sections = [targetsTable(judgeStats(figures, amounts.containers)), statsTable(figures, amounts)];
  console.log(`\n${sections.join('\n\n')}`);
  if (!quick && !process.argv.includes('--no-write')) {
    await mkdir(docs, { recursive: true });
    await writeFile(`${docs}cgroups.md`, `${[statsHeading, describeMachine(machine), ...sections].join('\n\n')}\n`);
    console.log('\nWritten: docs/benchmarks/cgroups.md.');
  }
  return 0;
}

/** Whole programs and imports: no stage is needed either. */
function cli(quick: boolean): Promise<number> {
  console.log(`\n${measureCli(quick ? 5 : 25)}\n\n${targetsTable([measureImport(quick ? 5 : 40)])}`);
  return Promise.resolve(0);
}

async function unpack(quick: boolean): Promise<number> {
  console.log(`\n${await measureUnpack(quick ? 1 : 7)}`);
  return 0;
}

/** The compilation of a profile, in processes of its own. */
function seccomp(quick: boolean): Promise<number> {
  const { text, targets } = seccompReport(measureSeccomp(quick ? 5 : 30));
  console.log(`\n${text}\n\n${targetsTable(targets)}`);
  return Promise.resolve(0);
}

async function main(): Promise<number> {
  const quick = process.argv.includes('--quick');
  const alone = {
    cgroups: () => cgroups(quick),
    cli: () => cli(quick),
    unpack: () => unpack(quick),
    seccomp: () => seccomp(quick),
  };
  const [, , asked = ''] = process.argv;
  if (Object.hasOwn(alone, asked)) {
    console.log(describeMachine({ ...readMachine(), realtime: false }));
    return alone[asked as keyof typeof alone]();
  }
  const options = parseOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  if (process.geteuid?.() !== 0) {
    console.error('The benchmarks make namespaces and mounts as root: sudo npm run bench.');
    return 2;
  }
  const machine = { ...readMachine(), realtime: options.realtime };
  console.log(describeMachine(machine));
  await using stage = await prepareStage();
  let results: Results = {};
  for (const name of options.scenarios) {
    const began = performance.now();
    process.stderr.write(`${name} … `);
    const result = await runScenario(
      name,
      { stage: stage.paths, amounts: options.amounts },
      {
        worker: stage.worker, // Leaks are counted, not timed; with limits, which a real-time process can't have on cgroup v1.
        realtime: options.realtime && name !== 'leaks',
      },
    );
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    results = { ...results, [name]: result };
  }
  console.log(`\n${reportSections(results).join('\n\n')}`);
  if (options.write && results.sequential !== undefined) {
    await mkdir(docs, { recursive: true });
    await writeFile(`${docs}start.md`, reportPage(machine, results));
    await writeFile(`${docs}start.svg`, plot(results.sequential.rows, 'spawn'));
    console.log('\nWritten: docs/benchmarks/start.md and start.svg.');
  }
  return 0;
}

process.exitCode = await main();
