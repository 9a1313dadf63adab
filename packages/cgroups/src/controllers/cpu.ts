/** CPU time: a hard limit per period, weights against neighbours, realtime budgets. */
import { optional, readBoolean, readObject, type Duration } from '@haco/plan';
import { asked, digit, file, limit, type Controller, type Resource, type Spell } from './controller.js';
import { microseconds, readDuration, readPercent, readWithin } from './units.js';

/** Length of the period in which a quota counts, in microseconds: the kernel's default, so it needn't be written on v1. */
const defaultPeriod = '100000';

/** Limits of CPU time. */
export interface CpuResources {
  /** As {@link CgroupMethods.cpu}: percent of one CPU, at least 1. */
  readonly percent?: number;
  /** Share against neighbours when all want to run, 1 to 10000; 100 is the default of every group. */
  readonly weight?: number;
  /** CPU time that may be saved up in quiet periods and used beyond `percent`; at most what `percent` gives per 100 ms. */
  readonly burst?: Duration;
  /** Run only when nobody else wants the CPU. Since Linux 5.15. */
  readonly idle?: boolean;
  /**
   * Time per period for processes with a realtime policy (`SCHED_FIFO`, `SCHED_RR`), which have none otherwise; v1 only. The
   * period is one second unless said otherwise.
   */
  readonly realtime?: { readonly runtime: Duration; readonly period?: Duration };
  /** Bounds of the speed that the scheduler asks of the CPU, in percent of its greatest. Since Linux 5.4. */
  readonly uclamp?: { readonly min?: number; readonly max?: number };
}

/** The value of `cpu.max` for a percentage of one CPU. */
export function cpuMax(percent: number): string {
  return `${String(Math.round(percent * 1000))} ${defaultPeriod}`;
}

function scale(value: string, factor: number, min: number, max: number): string | undefined {
  if (!/^\d+$/.test(value)) return undefined;
  return String(Math.min(max, Math.max(min, Math.round(Number(value) * factor))));
}

// The scheduler keeps both in one unit, 1024 shares = weight 100 (cpu_weight_write_u64 in kernel/sched/core.c), and systemd
// converts so. The older formula of OCI runtimes maps the default of 1024 to 39, and changes the ratio between groups.
const toWeight: Spell = (shares) => {
  const weight = scale(shares, 100 / 1024, 1, 10_000);
  return weight === undefined ? undefined : [['cpu.weight', weight]];
};

const toShares: Spell = (weight) => {
  const shares = scale(weight, 1024 / 100, 2, 262_144);
  return shares === undefined ? undefined : [['cpu.shares', shares]];
};

const maxToQuota: Spell = (value) => {
  const [quota = 'max', period = defaultPeriod] = value.trim().split(/\s+/);
  return [
    ...(period === defaultPeriod ? [] : [['cpu.cfs_period_us', period] as const]),
    ['cpu.cfs_quota_us', quota === 'max' ? '-1' : quota],
  ];
};

const quotaToMax: Spell = (quota, all) => [
  ['cpu.max', `${quota === '-1' ? 'max' : quota} ${all.get('cpu.cfs_period_us') ?? defaultPeriod}`],
];

const periodToMax: Spell = (period, all) => {
  // Said together with the quota.
  if (all.has('cpu.cfs_quota_us')) return [];
  const [quota = 'max'] = (all.get('cpu.max') ?? 'max').trim().split(/\s+/);
  return [['cpu.max', `${quota} ${period}`]];
};

const noRealtime = 'v2 gives realtime processes no budgets by group; leave it out, or start the program with chrt(1)';

const read = readObject({
  percent: optional(readPercent(1, 100 * 8192, 'percent of one CPU')),
  weight: optional(readWithin(1, 10_000)),
  burst: optional(readDuration(0)),
  idle: optional(readBoolean),
  realtime: optional(readObject({ runtime: readDuration(0), period: optional(readDuration(0.001)) })),
  uclamp: optional(readObject({ min: optional(readPercent(0, 100)), max: optional(readPercent(0, 100)) })),
});

const percentText = (value: number): string => value.toFixed(2);

const resource: Resource<'cpu', CpuResources, ReturnType<typeof read>> = {
  word: 'cpu',
  read,
  settings: ({ percent, weight, burst, idle, realtime, uclamp }) => [
    ...asked('percent', percent, 'cpu.max', cpuMax),
    ...asked('weight', weight, 'cpu.weight'),
    ...asked('burst', burst, 'cpu.max.burst', microseconds),
    ...asked('idle', idle, 'cpu.idle', digit),
    ...asked('realtime', realtime?.period, 'cpu.rt_period_us', microseconds),
    ...asked('realtime', realtime?.runtime, 'cpu.rt_runtime_us', microseconds),
    ...asked('uclamp', uclamp?.min, 'cpu.uclamp.min', percentText),
    ...asked('uclamp', uclamp?.max, 'cpu.uclamp.max', percentText),
  ],
};

export const cpu = {
  name: 'cpu',
  keys: {
    'cpu.max': { v1: maxToQuota, v2: file('cpu.max') },
    'cpu.cfs_period_us': { v1: file('cpu.cfs_period_us'), v2: periodToMax },
    'cpu.cfs_quota_us': { v1: file('cpu.cfs_quota_us'), v2: quotaToMax },
    'cpu.max.burst': limit('cpu.cfs_burst_us', 'cpu.max.burst'),
    'cpu.cfs_burst_us': limit('cpu.cfs_burst_us', 'cpu.max.burst'),
    'cpu.weight': { v1: toShares, v2: file('cpu.weight') },
    'cpu.shares': { v1: file('cpu.shares'), v2: toWeight },
    'cpu.weight.nice': { v2: file('cpu.weight.nice'), instead: 'use cpu.weight, which both versions have' },
    'cpu.idle': { v1: file('cpu.idle'), v2: file('cpu.idle') },
    'cpu.rt_period_us': { v1: file('cpu.rt_period_us'), instead: noRealtime },
    'cpu.rt_runtime_us': { v1: file('cpu.rt_runtime_us'), instead: noRealtime },
    'cpu.uclamp.min': { v1: file('cpu.uclamp.min'), v2: file('cpu.uclamp.min') },
    'cpu.uclamp.max': { v1: file('cpu.uclamp.max'), v2: file('cpu.uclamp.max') },
  },
  reports: { v1: ['cpu.stat', 'cpuacct.usage_user', 'cpuacct.usage_sys'], v2: ['cpu.stat'] },
  resource,
} as const satisfies Controller;
