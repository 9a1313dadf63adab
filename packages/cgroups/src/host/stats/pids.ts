/** Processes and threads of a group. */
import { nothingNested, withNested, type ReadNested } from '../nested-counters.js';
import type { Read } from './cpu.js';
import { field, known, limitOf, single } from './text.js';

/** Numbers of processes and threads. */
export interface PidsStats {
  readonly current?: number;
  /** Most at once (Linux 6.1). */
  readonly peak?: number;
  readonly max?: number | 'max';
  /** Forks that the limit refused. */
  readonly limitHits?: number;
}

const refused = (text: string | undefined): number | undefined => field(text, 'max');

/** @param nested - the groups below, where they count by themselves */
export function pidsStats(read: Read, nested: ReadNested = nothingNested): PidsStats {
  return known<PidsStats>({
    current: single(read('pids.current')),
    peak: single(read('pids.peak')),
    max: limitOf(read('pids.max')),
    limitHits: withNested(read('pids.events'), nested('pids.events'), refused),
  });
}
