/** Memory: hard limits, protection, swap, what happens when it runs out. */
import { optional, readBoolean, readObject, type Size } from '@haco/plan';
import {
  asked,
  digit,
  file,
  limit,
  onlyV1,
  onlyV2,
  unlimited,
  type Controller,
  type Resource,
  type Settings,
  type Spell,
} from './controller.js';
import { kernelBytes as bytes, readSize, readWithin } from './units.js';

/** Limits of memory. Sizes are bytes, or text such as `'256MiB'`. */
export interface MemoryResources {
  /** As {@link CgroupMethods.memory}: at this much, a process is killed. */
  readonly max?: Size;
  /** From this much on, processes are slowed down and memory is reclaimed; nothing is killed. v2 only. */
  readonly high?: Size;
  /** This much is only taken away when nothing else is left (the soft limit on v1). */
  readonly low?: Size;
  /** This much is never taken away. v2 only. */
  readonly min?: Size;
  /** Swap beyond the memory; 0 forbids it. v1 needs `max` with it. */
  readonly swap?: Size;
  /** When one process must be killed, kill all of the container. v2 only. */
  readonly oomGroup?: boolean;
  /** How readily memory is swapped out rather than file cache dropped, 0 to 200. v1 only. */
  readonly swappiness?: number;
  /** Let processes wait for memory instead of killing one: somebody must watch and help. v1 only. */
  readonly disableOomKiller?: boolean;
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

// The kernel wants the limit of memory to be no higher than the one of both: where none is asked for, the same serves, as memory
// alone is never more than both.
const memswOnV1: Spell = (value, all) => [
  ...(memoryLimit(all) === undefined && bytes(value) !== undefined ? [['memory.limit_in_bytes', value] as const] : []),
  ['memory.memsw.limit_in_bytes', value],
];

/** A switch, whose word may also be `true` or `false`. */
const flag =
  (name: string): Spell =>
  (value) => [[name, value === 'true' ? '1' : value === 'false' ? '0' : value]];

/** Nothing to write when the switch is off, which is how a new group begins. */
const offOnly: Spell = (value) => (value === '0' || value === 'false' ? [] : undefined);

const max = limit('memory.limit_in_bytes', 'memory.max');
// Not the same mechanism, but the same wish: the kernel's document names memory.low as the soft limit's successor, and OCI
// runtimes translate a reservation so.
const low = limit('memory.soft_limit_in_bytes', 'memory.low');
const softLimit: Spell = (value) => [['memory.soft_limit_in_bytes', unlimited(1, value)]];

const swapNeedsMemory =
  'v1 limits memory and swap together, v2 each alone, so give the memory limit with it, e.g. memory("256MiB")';

const read = readObject({
  max: optional(readSize),
  high: optional(readSize),
  low: optional(readSize),
  min: optional(readSize),
  swap: optional(readSize),
  oomGroup: optional(readBoolean),
  swappiness: optional(readWithin(0, 200)),
  disableOomKiller: optional(readBoolean),
});

const resource: Resource<'memory', MemoryResources, ReturnType<typeof read>> = {
  word: 'memory',
  read,
  settings: ({ max, high, low, min, swap, oomGroup, swappiness, disableOomKiller }) => [
    ...asked('max', max, 'memory.max'),
    ...asked('high', high, 'memory.high'),
    ...asked('low', low, 'memory.low'),
    ...asked('min', min, 'memory.min'),
    ...asked('swap', swap, 'memory.swap.max'),
    ...asked('oomGroup', oomGroup, 'memory.oom.group', digit),
    ...asked('swappiness', swappiness, 'memory.swappiness'),
    ...asked('disableOomKiller', disableOomKiller, 'memory.oom_control', digit),
  ],
};

export const memory = {
  name: 'memory',
  keys: {
    'memory.max': max,
    'memory.limit_in_bytes': max,
    'memory.low': low,
    'memory.soft_limit_in_bytes': low,
    'memory.swap.max': { v1: swapToMemsw, v2: file('memory.swap.max'), instead: swapNeedsMemory },
    'memory.memsw.limit_in_bytes': {
      v1: memswOnV1,
      v2: memswToSwap,
      instead: swapNeedsMemory,
    },
    'memory.min': {
      v2: file('memory.min'),
      weaker: { v1: softLimit },
      instead: 'use memory.low, which v1 has as its soft limit, or allow that with degrade',
    },
    'memory.high': {
      v2: file('memory.high'),
      weaker: { v1: softLimit },
      instead: 'use memory.max, or allow the soft limit of v1 instead with degrade',
    },
    'memory.oom.group': {
      v1: offOnly,
      v2: flag('memory.oom.group'),
      instead: "unshare('pid') and let the first process end when another is killed",
    },
    'memory.oom_control': {
      v1: flag('memory.oom_control'),
      v2: offOnly,
      instead: 'v2 always kills; use memory.high, which slows processes down without killing any',
    },
    'memory.swappiness': { v1: file('memory.swappiness'), instead: 'use memory.swap.max to bound swap on v2' },
    ...onlyV2('memory.swap.high', 'memory.zswap.max', 'memory.zswap.writeback'),
    ...onlyV1(
      'memory.use_hierarchy',
      'memory.move_charge_at_immigrate',
      'memory.kmem.limit_in_bytes',
      'memory.kmem.tcp.limit_in_bytes',
    ),
  },
  reports: {
    v1: ['memory.oom_control', 'memory.failcnt', 'memory.max_usage_in_bytes'],
    v2: ['memory.events', 'memory.peak'],
  },
  resource,
} as const satisfies Controller;
