/** Statistics of a group in the words of runc's `events --stats`, which engines read. */
import { readFileSync } from 'node:fs';
import type { GroupDir, GroupStats } from '@haco/cgroups';

/** What v1 calls no limit. */
const unlimited = Number.MAX_SAFE_INTEGER;

function numbersIn(path: string): Readonly<Record<string, number>> {
  try {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return Object.fromEntries(
      lines
        .map((line) => line.split(' '))
        .flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, Number(value)]])),
    );
  } catch {
    return {};
  }
}

function numberIn(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === 'max' ? unlimited : Number(text);
  } catch {
    return undefined;
  }
}

function memoryOf(dirs: readonly GroupDir[]): object {
  const dir = dirs.find(({ controllers }) => controllers.includes('memory'));
  if (dir === undefined) return {};
  const entry = (files: {
    readonly usage: string;
    readonly limit: string;
    readonly max: string;
    readonly failcnt: string;
  }) => {
    const at = (file: string): number | undefined => numberIn(`${dir.path}/${file}`);
    return {
      limit: at(files.limit) ?? 0,
      usage: at(files.usage) ?? 0,
      max: at(files.max) ?? 0,
      failcnt: at(files.failcnt) ?? 0,
    };
  };
  const v1 = (name: string) => {
    const file = (word: string): string => `memory.${name}${word}`;
    return entry({
      usage: file('usage_in_bytes'),
      limit: file('limit_in_bytes'),
      max: file('max_usage_in_bytes'),
      failcnt: file('failcnt'),
    });
  };
  const raw = numbersIn(`${dir.path}/memory.stat`);
  if (dir.version === 1) {
    return {
      cache: raw['cache'] ?? 0,
      usage: v1(''),
      swap: v1('memsw.'),
      kernel: v1('kmem.'),
      kernelTCP: v1('kmem.tcp.'),
      raw,
    };
  }
  const none = '';
  return {
    cache: raw['file'] ?? 0,
    usage: entry({ usage: 'memory.current', limit: 'memory.max', max: 'memory.peak', failcnt: none }),
    swap: entry({ usage: 'memory.swap.current', limit: 'memory.swap.max', max: none, failcnt: none }),
    raw,
  };
}

/** The event. */
export function statsEvent(id: string, { cpu, pids }: GroupStats, dirs: readonly GroupDir[]): object {
  const ns = (ms: number | undefined): number => Math.round((ms ?? 0) * 1e6);
  return {
    type: 'stats',
    id,
    data: {
      cpu: {
        usage: { total: ns(cpu?.usageMs), kernel: ns(cpu?.systemMs), user: ns(cpu?.userMs) },
        throttling: {
          ...(cpu?.periods === undefined ? {} : { periods: cpu.periods }),
          ...(cpu?.throttledPeriods === undefined ? {} : { throttledPeriods: cpu.throttledPeriods }),
          ...(cpu?.throttledMs === undefined ? {} : { throttledTime: ns(cpu.throttledMs) }),
        },
      },
      cpuset: {},
      memory: memoryOf(dirs),
      pids: {
        ...(pids === undefined ? {} : { current: pids.current }),
        ...(typeof pids?.max !== 'number' ? {} : { limit: pids.max }),
      },
      blkio: {},
      hugetlb: {},
      intel_rdt: {},
      network_interfaces: null,
    },
  };
}
