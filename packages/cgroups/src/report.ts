/** What a container has used and which limits it hit, from the counters that were read before its groups were removed. */

/**
 * A field is missing when this host didn't count it, or the limit wasn't asked for. v1 keeps kills and refusals in the group where they
 * happened: those in groups below the container's are missing.
 */
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
  /** CPU time of all processes in user mode, in milliseconds; on v1 only from a hierarchy with cpuacct, see `CpuStats.usageMs`. */
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

/** The files as text, each decoded once: this is on the path of every run with limits. */
class Files {
  private readonly texts = new Map<string, string>();

  constructor(private readonly outs: Outs) {}

  text(file: string): string | undefined {
    const known = this.texts.get(file);
    if (known !== undefined) return known;
    const bytes = this.outs.get(file);
    if (bytes === undefined) return undefined;
    const end = bytes.indexOf(0);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, end === -1 ? bytes.length : end).toString('latin1');
    this.texts.set(file, text);
    return text;
  }

  /** The number of a file that holds nothing else. */
  single(file: string): number | undefined {
    return count(this.text(file)?.trimEnd());
  }

  /** The number after a word of a file of `word number` lines. */
  field(file: string, word: string): number | undefined {
    const text = this.text(file);
    if (text === undefined) return undefined;
    const start = text.startsWith(`${word} `) ? 0 : text.indexOf(`\n${word} `) + 1;
    if (start === 0 && !text.startsWith(`${word} `)) return undefined;
    const end = text.indexOf('\n', start);
    return count(text.slice(start + word.length + 1, end === -1 ? undefined : end));
  }

  /** Sum over all devices: lines `8:0 Read 4096` on v1, `8:0 rbytes=4096 wbytes=0 …` on v2. */
  traffic(v1Word: string, v2Word: string): number | undefined {
    const sum = (file: string, pattern: () => RegExp): number | undefined => {
      const text = this.text(file);
      if (text === undefined) return undefined;
      return [...text.matchAll(pattern())].reduce((total, [, bytes]) => total + Number(bytes), 0);
    };
    return (
      sum('io.stat', () => new RegExp(`\\b${v2Word}=(\\d+)`, 'g')) ??
      sum('blkio.throttle.io_service_bytes_recursive', () => new RegExp(`^\\d+:\\d+ ${v1Word} (\\d+)$`, 'gm'))
    );
  }
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function scaled(value: number | undefined, divisor: number): number | undefined {
  return value === undefined ? undefined : value / divisor;
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
  const files = new Files(outs);
  const fields: { readonly [K in keyof CgroupReport]: CgroupReport[K] | undefined } = {
    oomKills: files.field('memory.events', 'oom_kill') ?? files.field('memory.oom_control', 'oom_kill'),
    memoryLimitHits: files.field('memory.events', 'max') ?? files.single('memory.failcnt'),
    memoryPeakBytes: files.single('memory.peak') ?? files.single('memory.max_usage_in_bytes'),
    pidsLimitHits: files.field('pids.events', 'max'),
    pidsPeak: files.single('pids.peak'),
    userMs: scaled(files.field('cpu.stat', 'user_usec'), 1000) ?? scaled(files.single('cpuacct.usage_user'), 1_000_000),
    systemMs:
      scaled(files.field('cpu.stat', 'system_usec'), 1000) ?? scaled(files.single('cpuacct.usage_sys'), 1_000_000),
    throttledPeriods: files.field('cpu.stat', 'nr_throttled'),
    throttledMs:
      scaled(files.field('cpu.stat', 'throttled_usec'), 1000) ??
      scaled(files.field('cpu.stat', 'throttled_time'), 1_000_000),
    ioReadBytes: files.traffic('Read', 'rbytes'),
    ioWriteBytes: files.traffic('Write', 'wbytes'),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
