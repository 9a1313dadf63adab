/** CPU time of a group, and how often its limit held it back. */
import { field, known, single } from './text.js';

/** Times in milliseconds. A field is missing where this host doesn't count it. */
export interface CpuStats {
  /**
   * All CPU time of the processes that are or were in the group. On v1 the controller cpuacct counts it: a container with `cpu()` has
   * that where both are mounted together, else `cpuTimeout()` or `cgroup('cpuacct.usage', 0)` brings it.
   */
  readonly usageMs?: number;
  readonly userMs?: number;
  readonly systemMs?: number;
  /** Periods (100 ms by default) in which the group wanted to run while it had a limit. */
  readonly periods?: number;
  /** Periods in which the limit stopped it. */
  readonly throttledPeriods?: number;
  /** Time that it was stopped for by then, summed over CPUs. */
  readonly throttledMs?: number;
  /** Periods in which it used more than its share, out of its burst. */
  readonly bursts?: number;
  readonly burstMs?: number;
}

/** Text of a file of the group; undefined when it has no such file. */
export type Read = (file: string) => string | undefined;

const scaled = (value: number | undefined, divisor: number): number | undefined =>
  value === undefined ? undefined : value / divisor;

/** Nanoseconds on v1, microseconds on v2, but for the fields that both share. */
export function cpuStats(read: Read): CpuStats {
  const stat = read('cpu.stat');
  // Only v2 has times there; on a hybrid host v2's is another file of the same name, see `reader.ts`.
  const onV1 = stat === undefined || field(stat, 'throttled_time') !== undefined;
  const userMs = onV1 ? scaled(single(read('cpuacct.usage_user')), 1e6) : scaled(field(stat, 'user_usec'), 1000);
  const systemMs = onV1 ? scaled(single(read('cpuacct.usage_sys')), 1e6) : scaled(field(stat, 'system_usec'), 1000);
  const sum = userMs === undefined || systemMs === undefined ? undefined : userMs + systemMs;
  return known<CpuStats>({
    // The file cpuacct.usage is this sum, and costs one more read.
    usageMs: onV1 ? sum : scaled(field(stat, 'usage_usec'), 1000),
    userMs,
    systemMs,
    periods: field(stat, 'nr_periods'),
    throttledPeriods: field(stat, 'nr_throttled'),
    throttledMs: onV1 ? scaled(field(stat, 'throttled_time'), 1e6) : scaled(field(stat, 'throttled_usec'), 1000),
    bursts: field(stat, 'nr_bursts'),
    burstMs: onV1 ? scaled(field(stat, 'burst_time'), 1e6) : scaled(field(stat, 'burst_usec'), 1000),
  });
}
