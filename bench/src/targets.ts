/** What haco has to reach, and whether it does. */
import type { StatsFigures } from './cgroup-stats.js';
import type { Holdings, Results, Row } from './results.js';

export interface Target {
  readonly sentence: string;
  /** What was measured; undefined when it wasn't. */
  readonly measured: string | undefined;
  readonly wanted: string;
  readonly reached: boolean | undefined;
}

const medianOf = (rows: readonly Row[] | undefined, id: string): number | undefined =>
  rows?.find((row) => row.id === id)?.median;

/** How many times b is in a. */
function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

function atMost(sentence: string, value: number | undefined, limit: number): Target {
  return {
    sentence,
    measured: value === undefined ? undefined : `${value.toFixed(2)} ×`,
    wanted: `≤ ${limit.toFixed(1)} ×`,
    reached: value === undefined ? undefined : value <= limit,
  };
}

function atLeast(sentence: string, value: number | undefined, limit: number): Target {
  return {
    sentence,
    measured: value === undefined ? undefined : `${value.toFixed(2)} ×`,
    wanted: `≥ ${limit.toFixed(1)} ×`,
    reached: value === undefined ? undefined : value >= limit,
  };
}

function limitsTarget({ sequential }: Results): Target {
  const limited = medianOf(sequential?.rows, 'haco-limits');
  const full = medianOf(sequential?.rows, 'haco-full');
  const floor = medianOf(sequential?.rows, 'floor-full');
  const floorLimited = medianOf(sequential?.rows, 'floor-limits');
  const base = {
    sentence: 'Limits of cpu, memory and pids add to a start, beyond what the kernel takes in C (cgroup v1)',
    wanted: '≤ 0.3 ms',
  };
  if (limited === undefined || full === undefined || floor === undefined || floorLimited === undefined)
    return { ...base, measured: undefined, reached: undefined };
  const all = limited - full;
  const own = all - (floorLimited - floor);
  return { ...base, measured: `${own.toFixed(2)} ms of ${all.toFixed(2)} ms`, reached: own <= 0.3 };
}

/** On v2 the process is cloned into its group, so that nothing of it needs the kernel's patience. */
function limitsOnV2({ sequential }: Results): Target {
  const base = { sentence: 'Limits of cpu, memory and pids add to a start (cgroup v2)', wanted: '≤ 0.2 ms' };
  const limited = medianOf(sequential?.rows, 'haco-limits');
  const full = medianOf(sequential?.rows, 'haco-full');
  // The floor in C is of v1; where it wasn't measured the limits are of v2.
  if (sequential?.floorParts !== undefined || limited === undefined || full === undefined)
    return { ...base, measured: undefined, reached: undefined };
  return { ...base, measured: `${(limited - full).toFixed(2)} ms`, reached: limited - full <= 0.2 };
}

/** What snapshots of groups have to reach: of the usual resources. */
export function judgeStats(figures: readonly StatsFigures[], groups: number): readonly Target[] {
  const [usual] = figures;
  if (usual === undefined) return [];
  const perCent = (usual.corePercent * 500) / groups;
  return [
    {
      sentence: 'A snapshot of a container, everything in it',
      measured: `${(usual.medianUs / 1000).toFixed(3)} ms`,
      wanted: '≤ 0.15 ms',
      reached: usual.medianUs <= 150,
    },
    {
      sentence: `500 live containers, all asked once a second${groups === 500 ? '' : ` (from ${String(groups)})`}`,
      measured: `${perCent.toFixed(1)} % of a core`,
      wanted: '≤ 5 %',
      reached: perCent <= 5,
    },
  ];
}

function loopTarget({ blocking }: Results): Target {
  // Also of those that are planned anew in part, because something of them is another each time.
  const rows = blocking?.rows.filter(({ id }) => ['haco-full', 'haco-named', 'haco-other'].includes(id)) ?? [];
  const [row] = [...rows].sort((one, other) => other.max - one.max);
  const idle = blocking?.rows.find(({ id }) => id === 'idle');
  const base = {
    sentence:
      'The event loop is not blocked by a start, worst of all starts (the same again, other names, other arguments)',
    wanted: '≤ 1 ms',
  };
  if (row === undefined) return { ...base, measured: undefined, reached: undefined };
  const others = idle === undefined ? '' : `; ${String(idle.over)} of ${String(idle.starts)} without any start`;
  const measured = `${row.max.toFixed(2)} ms, 99th of 100: ${row.p99.toFixed(2)} ms; over 1 ms: ${String(row.over)} of ${String(row.starts)} starts${others}`;
  return { ...base, measured, reached: row.max <= 1 };
}

const counted = [
  'descriptors',
  'threads',
  'zombies',
  'mounts',
  'cgroups',
] as const satisfies readonly (keyof Holdings)[];

function leakTargets({ leaks }: Results): readonly Target[] {
  if (leaks === undefined) return [];
  const { before, after, runs, rss } = leaks;
  const grown = counted.filter((what) => after[what] > before[what]);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Collections make single samples differ by a MiB: a growth of so much per run shows as half of it between the halves.
  const middle = Math.floor(rss.length / 2);
  const growth = 2 * (mean(rss.slice(middle)) - mean(rss.slice(0, middle)));
  return [
    {
      sentence: `${String(runs)} runs leave no descriptor, thread, zombie, mount or cgroup`,
      measured:
        grown.length === 0 ? 'none' : grown.map((what) => `${String(after[what] - before[what])} ${what}`).join(', '),
      wanted: 'none',
      reached: grown.length === 0,
    },
    {
      sentence: `${String(runs)} runs don't make Node grow: resident memory from the first tenth to the last`,
      measured: `${growth.toFixed(1)} MiB`,
      wanted: '≤ 1 MiB',
      reached: growth <= 1,
    },
  ];
}

/** Every target that something was measured for. */
export function judge(results: Results): readonly Target[] {
  const { sequential, held, throughput, live } = results;
  const small = sequential?.rows;
  const full = medianOf(small, 'haco-full');
  const other = medianOf(small, 'haco-other');
  const targets: readonly Target[] = [
    atMost("Full isolation : spawn('true')", ratio(full, medianOf(small, 'spawn')), 1),
    atMost("Full isolation, other arguments each time : spawn('true')", ratio(other, medianOf(small, 'spawn')), 1),
    atMost(
      `Full isolation : spawn('true'), Node holds ${String(held?.heldMiB ?? 0)} MiB`,
      ratio(medianOf(held?.rows, 'haco-full'), medianOf(held?.rows, 'spawn')),
      0.2,
    ),
    atMost("Run from a warm pool : spawn('true')", ratio(medianOf(small, 'haco-pool'), medianOf(small, 'spawn')), 0.5),
    atLeast('bwrap : full isolation', ratio(medianOf(small, 'bwrap'), full), 3),
    atLeast('bwrap : full isolation, other arguments each time', ratio(medianOf(small, 'bwrap'), other), 3),
    atLeast('crun : full isolation', ratio(medianOf(small, 'crun'), full), 5),
    atLeast('crun : full isolation, other arguments each time', ratio(medianOf(small, 'crun'), other), 5),
    atMost(
      'Full isolation : C with the same system calls, both from the request in Node to the answer in Node',
      ratio(full, medianOf(small, 'floor-asked')),
      1.5,
    ),
    atMost(
      'Full isolation : C with the same system calls, timed in C, where nobody has to be woken up',
      ratio(full, medianOf(small, 'floor-full')),
      1.5,
    ),
    atMost("sandbox() : spawn('true')", ratio(medianOf(small, 'haco-sandbox'), medianOf(small, 'spawn')), 1.3),
    atMost(
      'sandbox() : bwrap with an equal set of protections',
      ratio(medianOf(small, 'haco-sandbox'), medianOf(small, 'bwrap-sandbox')),
      0.5,
    ),
    limitsTarget(results),
    limitsOnV2(results),
    atMost("exec() : spawn('true')", ratio(medianOf(small, 'haco-exec'), medianOf(small, 'spawn')), 1),
    atLeast(
      `Throughput, ${String(throughput?.concurrency ?? 0)} at once, full isolation : spawn('true')`,
      ratio(medianOf(throughput?.rows, 'haco-full'), medianOf(throughput?.rows, 'spawn')),
      1.3,
    ),
    atLeast(
      `Throughput, ${String(throughput?.concurrency ?? 0)} at once, warm pool : spawn('true')`,
      ratio(medianOf(throughput?.rows, 'haco-pool'), medianOf(throughput?.rows, 'spawn')),
      2,
    ),
    atMost(
      `Start with ${String(live?.containers ?? 0)} live containers : with none`,
      ratio(medianOf(live?.with, 'haco-full'), medianOf(live?.without, 'haco-full')),
      1.2,
    ),
    {
      sentence: `Threads of Node for ${String(live?.containers ?? 0)} live containers`,
      measured: live === undefined ? undefined : String(live.threads),
      wanted: '0',
      reached: live === undefined ? undefined : live.threads <= 0,
    },
    loopTarget(results),
    ...leakTargets(results),
  ];
  return targets.filter(({ measured }) => measured !== undefined);
}
