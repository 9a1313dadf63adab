/** CPU time: a hard limit per period, and weights against neighbours. */
import { file, limit, type Controller, type Spell } from './controller.js';

/** Length of the period in which a quota counts, in microseconds: the kernel's default, so it needn't be written on v1. */
const defaultPeriod = '100000';

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
    'cpu.weight.nice': { v2: file('cpu.weight.nice') },
    'cpu.idle': { v1: file('cpu.idle'), v2: file('cpu.idle') },
    'cpu.rt_period_us': { v1: file('cpu.rt_period_us') },
    'cpu.rt_runtime_us': { v1: file('cpu.rt_runtime_us') },
    'cpu.uclamp.min': { v1: file('cpu.uclamp.min'), v2: file('cpu.uclamp.min') },
    'cpu.uclamp.max': { v1: file('cpu.uclamp.max'), v2: file('cpu.uclamp.max') },
  },
  reports: { v1: ['cpu.stat', 'cpuacct.usage_user', 'cpuacct.usage_sys'], v2: ['cpu.stat'] },
} as const satisfies Controller;
