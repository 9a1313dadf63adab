/** What a container has used and which limits it hit, from the counters that were read before its groups were removed. */

/** A field is missing when this host didn't count it, or the limit wasn't asked for. */
export interface CgroupReport {
  /** Processes that the kernel killed for want of memory. */
  readonly oomKills?: number;
  /** Times that memory had to be reclaimed because the limit was reached. */
  readonly memoryLimitHits?: number;
  /** Most memory in use at once, in bytes. */
  readonly memoryPeakBytes?: number;
  /** Forks that the limit refused. */
  readonly pidsLimitHits?: number;
  /** Most processes at once. */
  readonly pidsPeak?: number;
  /** CPU time of all processes in user mode, in milliseconds. */
  readonly userMs?: number;
  /** CPU time of all processes in the kernel, in milliseconds. */
  readonly systemMs?: number;
  /** Periods in which the CPU limit stopped the container. */
  readonly throttledPeriods?: number;
  /** Time that it was stopped for by then, in milliseconds. */
  readonly throttledMs?: number;
  /** Bytes read from block devices. */
  readonly ioReadBytes?: number;
  /** Bytes written to block devices. */
  readonly ioWriteBytes?: number;
}

type Outs = ReadonlyMap<string, Uint8Array>;

function text(outs: Outs, file: string): string {
  const bytes = outs.get(file) ?? new Uint8Array();
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** The number of a file that holds nothing else. */
function single(outs: Outs, file: string): number | undefined {
  const content = text(outs, file).trim();
  return /^\d+$/.test(content) ? Number(content) : undefined;
}

/** The number after a word of a file of `word number` lines. */
function field(outs: Outs, file: string, word: string): number | undefined {
  for (const line of text(outs, file).split('\n')) {
    const [name, value] = line.split(' ');
    if (name === word && value !== undefined && /^\d+$/.test(value)) return Number(value);
  }
  return undefined;
}

function scaled(value: number | undefined, divisor: number): number | undefined {
  return value === undefined ? undefined : value / divisor;
}

/** Sum over all devices: lines `8:0 Read 4096` on v1, `8:0 rbytes=4096 wbytes=0 …` on v2. */
function traffic(outs: Outs, v1Word: string, v2Word: string): number | undefined {
  const count = (file: string, pattern: RegExp): number | undefined => {
    if (!outs.has(file)) return undefined;
    return [...text(outs, file).matchAll(pattern)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  };
  return (
    count('io.stat', new RegExp(`\\b${v2Word}=(\\d+)`, 'g')) ??
    count('blkio.throttle.io_service_bytes_recursive', new RegExp(`^\\d+:\\d+ ${v1Word} (\\d+)$`, 'gm'))
  );
}

/**
 * Read the counters of cgroup v1 or v2.
 *
 * @param outs - contents of the group's files by name, as the launcher reports them; NUL-padded
 *
 * @example
 * ```ts
 * import { parseCgroupReport } from '@haco/cgroups';
 * parseCgroupReport(new Map([['pids.events', new TextEncoder().encode('max 3\n')]])); // { pidsLimitHits: 3 }
 * ```
 */
export function parseCgroupReport(outs: Outs): CgroupReport {
  const fields: { readonly [K in keyof CgroupReport]: CgroupReport[K] | undefined } = {
    oomKills: field(outs, 'memory.events', 'oom_kill') ?? field(outs, 'memory.oom_control', 'oom_kill'),
    memoryLimitHits: field(outs, 'memory.events', 'max') ?? single(outs, 'memory.failcnt'),
    memoryPeakBytes: single(outs, 'memory.peak') ?? single(outs, 'memory.max_usage_in_bytes'),
    pidsLimitHits: field(outs, 'pids.events', 'max'),
    pidsPeak: single(outs, 'pids.peak'),
    userMs: scaled(field(outs, 'cpu.stat', 'user_usec'), 1000) ?? scaled(single(outs, 'cpuacct.usage_user'), 1_000_000),
    systemMs:
      scaled(field(outs, 'cpu.stat', 'system_usec'), 1000) ?? scaled(single(outs, 'cpuacct.usage_sys'), 1_000_000),
    throttledPeriods: field(outs, 'cpu.stat', 'nr_throttled'),
    throttledMs:
      scaled(field(outs, 'cpu.stat', 'throttled_usec'), 1000) ??
      scaled(field(outs, 'cpu.stat', 'throttled_time'), 1_000_000),
    ioReadBytes: traffic(outs, 'Read', 'rbytes'),
    ioWriteBytes: traffic(outs, 'Write', 'wbytes'),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
