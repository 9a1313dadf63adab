/** Memory: hard limits, protection, swap. */
import { file, limit, unlimited, type Controller, type Settings, type Spell } from './controller.js';

const suffixes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of a value as the kernel reads it; undefined for "no limit" and for what it wouldn't take. */
function bytes(value: string | undefined): number | undefined {
  const match = /^(\d+)([kmgt]?)$/i.exec(value ?? '');
  return match === null ? undefined : Number(match[1]) * (suffixes[(match[2] ?? '').toLowerCase()] ?? 1);
}

function memoryLimit(all: Settings): number | undefined {
  return bytes(all.get('memory.limit_in_bytes') ?? all.get('memory.max'));
}

// v1 limits memory and swap together, v2 swap alone: the one is only the other when the memory limit is known.
const swapToMemsw: Spell = (value, all) => {
  if (unlimited(2, value) === 'max') return [['memory.memsw.limit_in_bytes', '-1']];
  const [memory, swap] = [memoryLimit(all), bytes(value)];
  if (memory === undefined || swap === undefined) return undefined;
  return [['memory.memsw.limit_in_bytes', String(memory + swap)]];
};

const memswToSwap: Spell = (value, all) => {
  if (unlimited(2, value) === 'max') return [['memory.swap.max', 'max']];
  const [memory, both] = [memoryLimit(all), bytes(value)];
  if (memory === undefined || both === undefined || both < memory) return undefined;
  return [['memory.swap.max', String(both - memory)]];
};

const max = limit('memory.limit_in_bytes', 'memory.max');
// Not the same mechanism, but the same wish: the kernel's document names memory.low as the soft limit's successor, and OCI
// runtimes translate a reservation so.
const low = limit('memory.soft_limit_in_bytes', 'memory.low');

export const memory = {
  name: 'memory',
  keys: {
    'memory.max': max,
    'memory.limit_in_bytes': max,
    'memory.low': low,
    'memory.soft_limit_in_bytes': low,
    'memory.swap.max': { v1: swapToMemsw, v2: file('memory.swap.max') },
    'memory.memsw.limit_in_bytes': { v1: file('memory.memsw.limit_in_bytes'), v2: memswToSwap },
    'memory.min': { v2: file('memory.min') },
    'memory.high': { v2: file('memory.high') },
    'memory.oom.group': { v2: file('memory.oom.group') },
    'memory.swap.high': { v2: file('memory.swap.high') },
    'memory.zswap.max': { v2: file('memory.zswap.max') },
    'memory.zswap.writeback': { v2: file('memory.zswap.writeback') },
    'memory.oom_control': { v1: file('memory.oom_control') },
    'memory.swappiness': { v1: file('memory.swappiness') },
    'memory.use_hierarchy': { v1: file('memory.use_hierarchy') },
    'memory.move_charge_at_immigrate': { v1: file('memory.move_charge_at_immigrate') },
    'memory.kmem.limit_in_bytes': { v1: file('memory.kmem.limit_in_bytes') },
    'memory.kmem.tcp.limit_in_bytes': { v1: file('memory.kmem.tcp.limit_in_bytes') },
  },
  reports: {
    v1: ['memory.oom_control', 'memory.failcnt', 'memory.max_usage_in_bytes'],
    v2: ['memory.events', 'memory.peak'],
  },
} as const satisfies Controller;
