/** Processes and threads of a group. */
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

export function pidsStats(read: Read): PidsStats {
  return known<PidsStats>({
    current: single(read('pids.current')),
    peak: single(read('pids.peak')),
    max: limitOf(read('pids.max')),
    limitHits: field(read('pids.events'), 'max'),
  });
}
