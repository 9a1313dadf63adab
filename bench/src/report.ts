/** The page: what was measured, on what, and which targets are reached. */
import { isBusy, type Machine } from './machine.js';
import type { Holdings, Results, Row } from './results.js';
import { table } from './table.js';
import { judge, type Target } from './targets.js';

const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

/** Rows beside the median of one of them. */
function timesTable(rows: readonly Row[], baseId: string): string {
  const base = rows.find(({ id }) => id === baseId);
  return table(
    ['start to result', 'median, ms', 'p10 … p90, ms', `× ${base?.label ?? baseId}`],
    rows.map(({ label, median, p10, p90 }) => [
      label,
      ms(median),
      `${ms(p10)} … ${ms(p90)}`,
      base === undefined ? '' : (median / base.median).toFixed(2),
    ]),
  );
}

function sequentialSection({ sequential }: Results): readonly string[] {
  if (sequential === undefined) return [];
  const { rows, absent, floorParts } = sequential;
  const reasons = absent.map(({ label, reason }) => `- ${label}: ${reason.split('\n').at(-1) ?? ''}`);
  return [
    '## One after the other',
    timesTable(rows, 'spawn'),
    ...(floorParts === undefined
      ? []
      : [
          `What the kernel takes for the groups of limits, in the C program: ${ms(floorParts.make)} ms to make them and write their limits, ${ms(floorParts.join)} ms to enter them (where some kernels wait for a grace period of RCU), ${ms(floorParts.remove)} ms to read their counters and remove them.`,
        ]),
    ...(reasons.length > 0 ? [`Took no part:\n\n${reasons.join('\n')}`] : []),
  ];
}

function heldSection({ held }: Results): readonly string[] {
  if (held === undefined) return [];
  return [`## While Node holds ${String(held.heldMiB)} MiB`, timesTable(held.rows, 'spawn')];
}

function throughputSection({ throughput }: Results): readonly string[] {
  if (throughput === undefined) return [];
  const { rows, concurrency } = throughput;
  const base = rows.find(({ id }) => id === 'spawn');
  return [
    `## ${String(concurrency)} at once`,
    table(
      ['starts per second', 'median', 'p10 … p90', `× ${base?.label ?? 'spawn'}`],
      rows.map(({ label, median, p10, p90 }) => [
        label,
        median.toFixed(0),
        `${p10.toFixed(0)} … ${p90.toFixed(0)}`,
        base === undefined ? '' : (median / base.median).toFixed(2),
      ]),
    ),
  ];
}

function liveSection({ live }: Results): readonly string[] {
  if (live === undefined) return [];
  return [
    `## Beside ${String(live.containers)} live containers`,
    table(
      ['start to result', 'without, ms', `with ${String(live.containers)}, ms`, '×'],
      live.without.map((row) => {
        const crowded = live.with.find(({ id }) => id === row.id)?.median ?? Number.NaN;
        return [row.label, ms(row.median), ms(crowded), (crowded / row.median).toFixed(2)];
      }),
    ),
    `\`start()\` of one of them took ${ms(live.startMs)} ms (median) until its command ran. What a start takes longer beside them is pivot_root(2): the kernel looks at every process of the host for one that had the old root (\`chroot_fs_refs\`), for whoever calls it. With and without take turns nine times.`,
  ];
}

function blockingSection({ blocking }: Results): readonly string[] {
  if (blocking === undefined) return [];
  return [
    '## How long a start holds up the event loop',
    table(
      ['longest pause of a start', 'median, ms', 'p99, ms', 'max, ms', 'over 1 ms', 'collections'],
      blocking.rows.map(({ label, median, p99, max, over, starts, collections, collectionMs }) => [
        label,
        ms(median),
        ms(p99),
        ms(max),
        `${String(over)} of ${String(starts)}`,
        collections === 0 ? 'none' : `${String(collections)}, longest ${ms(collectionMs)} ms`,
      ]),
    ),
    'Time in which the thread got no CPU, because other threads or other virtual machines had it, is taken off, and so are the collections of V8, of which the last column tells: they come when the garbage of the whole program is enough for one, and most of it here is of the measuring loop itself, which turns some thousand times in a start.',
  ];
}

function leaksSection({ leaks }: Results): readonly string[] {
  if (leaks === undefined) return [];
  const { before, after, runs, seconds, rss } = leaks;
  const format = (key: keyof Holdings, value: number): string =>
    key.endsWith('MiB') ? value.toFixed(1) : String(value);
  return [
    `## ${String(runs)} runs in one process`,
    table(
      ['after warm-up, and in the end', 'before', 'after'],
      (Object.keys(before) as (keyof Holdings)[]).map((key) => [
        { rssMiB: 'resident memory, MiB', heapMiB: 'heap of JavaScript, MiB' }[key as string] ?? key,
        format(key, before[key]),
        format(key, after[key]),
      ]),
    ),
    `${(runs / seconds).toFixed(0)} runs per second. Resident memory after each tenth: ${rss.map((value) => value.toFixed(1)).join(', ')} MiB.`,
  ];
}

function targetsSection(results: Results): readonly string[] {
  return ['## Targets', targetsTable(judge(results))];
}

/** Targets, and whether they are reached. */
export function targetsTable(targets: readonly Target[]): string {
  return table(
    ['target', 'wanted', 'measured', ''],
    targets.map(({ sentence, wanted, measured, reached }) => [
      sentence,
      wanted,
      measured ?? '',
      reached === true ? 'reached' : 'missed',
    ]),
  );
}

/** One sentence about the machine; a warning when it had other things to do. */
export function describeMachine(machine: Machine): string {
  const { kernel, architecture, cores, memoryGiB, node, cgroups, load, realtime } = machine;
  const facts = `Linux ${kernel}, ${architecture}, ${String(cores)} cores, ${String(memoryGiB)} GiB, cgroups ${cgroups}, Node ${node}; load before the run: ${load.toFixed(2)}.`;
  if (realtime) return `${facts} All contenders ran with real-time priority (SCHED_RR), before all other programs.`;
  return isBusy(machine) ? `${facts} **The machine was busy**: the ratios hold, the milliseconds less so.` : facts;
}

/** The results, as Markdown sections. */
export function reportSections(results: Results): readonly string[] {
  return [
    ...targetsSection(results),
    ...sequentialSection(results),
    ...heldSection(results),
    ...throughputSection(results),
    ...liveSection(results),
    ...blockingSection(results),
    ...leaksSection(results),
  ];
}

/** The whole page. */
export function reportPage(machine: Machine, results: Results): string {
  return `${[
    '# How long a start takes',
    "Written by `npm run bench`. All contenders take turns in one run, after a warm-up; each turn is two starts, of which the second counts, so that each meets the debris of its own kind. \"Full isolation\" is all namespaces but net and user, pivot_root, /proc, /dev, /tmp, no capabilities, no_new_privs. All of them execute the same static program that ends at once, but for `spawn('true')`, which starts the host's.",
    describeMachine(machine),
    '![Times of a start, by contender](start.svg)',
    ...reportSections(results),
  ].join('\n\n')}\n`;
}
