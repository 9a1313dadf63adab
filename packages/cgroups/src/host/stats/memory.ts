/** Memory of a group: how much, of what, and which limits it hit. */
import { nothingNested, withNested, type ReadNested } from '../nested-counters.js';
import type { Read } from './cpu.js';
import { field, known, limitOf, single } from './text.js';

/** Sizes in bytes. A field is missing where this host doesn't count it. */
export interface MemoryStats {
  /** In use now, page cache included. */
  readonly currentBytes?: number;
  /** Most in use at once. */
  readonly peakBytes?: number;
  /** The limit; `'max'` when there is none. */
  readonly maxBytes?: number | 'max';
  readonly swapBytes?: number;
  /** Limit of swap alone; v1 has only one for both together. */
  readonly swapMaxBytes?: number | 'max';
  /** What the memory is. */
  readonly stat: MemoryBreakdown;
  readonly events: MemoryEvents;
}

/** What memory is used for, in bytes. */
export interface MemoryBreakdown {
  /** Heaps, stacks, private mappings. */
  readonly anonBytes?: number;
  /** Page cache. */
  readonly fileBytes?: number;
  /** Everything that the kernel itself keeps for the group. */
  readonly kernelBytes?: number;
  readonly kernelStackBytes?: number;
  readonly pageTablesBytes?: number;
  readonly slabBytes?: number;
  readonly socketBytes?: number;
  /** tmpfs and shared memory; part of `fileBytes`. */
  readonly shmemBytes?: number;
  readonly mappedFileBytes?: number;
  readonly dirtyBytes?: number;
  readonly writebackBytes?: number;
  /** Page cache that could go first: `currentBytes` less this is the working set. */
  readonly inactiveFileBytes?: number;
  readonly pageFaults?: number;
  /** Faults that had to read from a disk. */
  readonly majorPageFaults?: number;
}

/** Counters since the group was made. */
export interface MemoryEvents {
  /** Times that protected memory was taken nevertheless. */
  readonly low?: number;
  /** Times that it was slowed down because of `memory.high`. */
  readonly high?: number;
  /** Times that the limit was reached. */
  readonly max?: number;
  /** Times that it was reached and nothing could be reclaimed. */
  readonly oom?: number;
  /** Processes killed. */
  readonly oomKills?: number;
}

const v1Kernel: Read = () => undefined;

function breakdown(stat: string | undefined, isV1: boolean, read: Read): MemoryBreakdown {
  // On v1 the lines with `total_` count the groups below too, as all lines of v2 do.
  const bytes = (v1: string, v2: string): number | undefined => field(stat, isV1 ? `total_${v1}` : v2);
  const onlyV2 = (name: string): number | undefined => (isV1 ? undefined : field(stat, name));
  return known<MemoryBreakdown>({
    anonBytes: bytes('rss', 'anon'),
    fileBytes: bytes('cache', 'file'),
    kernelBytes: isV1 ? single(read('memory.kmem.usage_in_bytes')) : field(stat, 'kernel'),
    kernelStackBytes: onlyV2('kernel_stack'),
    pageTablesBytes: onlyV2('pagetables'),
    slabBytes: onlyV2('slab'),
    socketBytes: onlyV2('sock'),
    shmemBytes: bytes('shmem', 'shmem'),
    mappedFileBytes: bytes('mapped_file', 'file_mapped'),
    dirtyBytes: bytes('dirty', 'file_dirty'),
    writebackBytes: bytes('writeback', 'file_writeback'),
    inactiveFileBytes: bytes('inactive_file', 'inactive_file'),
    pageFaults: bytes('pgfault', 'pgfault'),
    majorPageFaults: bytes('pgmajfault', 'pgmajfault'),
  });
}

/** v1 counts memory and swap together. */
function v1Swap(read: Read, stat: string | undefined, current: number | undefined): number | undefined {
  const swap = field(stat, 'total_swap');
  if (swap !== undefined) return swap;
  const both = single(read('memory.memsw.usage_in_bytes'));
  return both === undefined || current === undefined ? undefined : Math.max(0, both - current);
}

const kills = (control: string | undefined): number | undefined => field(control, 'oom_kill');

/** @param nested - the groups below, where they count by themselves */
export function memoryStats(read: Read, version: 1 | 2, nested: ReadNested = nothingNested): MemoryStats {
  if (version === 1) {
    const stat = read('memory.stat');
    const currentBytes = single(read('memory.usage_in_bytes'));
    return known<MemoryStats>({
      currentBytes,
      peakBytes: single(read('memory.max_usage_in_bytes')),
      maxBytes: limitOf(read('memory.limit_in_bytes')),
      swapBytes: v1Swap(read, stat, currentBytes),
      swapMaxBytes: undefined,
      stat: breakdown(stat, true, read),
      events: known<MemoryEvents>({
        low: undefined,
        high: undefined,
        max: withNested(read('memory.failcnt'), nested('memory.failcnt'), single),
        oom: undefined,
        oomKills: withNested(read('memory.oom_control'), nested('memory.oom_control'), kills),
      }),
    });
  }
  const stat = read('memory.stat');
  const events = read('memory.events');
  return known<MemoryStats>({
    currentBytes: single(read('memory.current')),
    peakBytes: single(read('memory.peak')),
    maxBytes: limitOf(read('memory.max')),
    swapBytes: single(read('memory.swap.current')),
    swapMaxBytes: limitOf(read('memory.swap.max')),
    stat: breakdown(stat, false, v1Kernel),
    events: known<MemoryEvents>({
      low: field(events, 'low'),
      high: field(events, 'high'),
      max: field(events, 'max'),
      oom: field(events, 'oom'),
      oomKills: field(events, 'oom_kill'),
    }),
  });
}
