/** Huge pages of a group, by page size. */
import { nothingNested, withNested, type ReadNested } from '../nested-counters.js';
import type { Read } from './cpu.js';
import { field, known, limitOf, single } from './text.js';

/** Huge pages of one size, in bytes. */
export interface HugetlbStats {
  /** As the kernel writes it: `2MB`, `1GB`. */
  readonly pageSize: string;
  readonly currentBytes?: number;
  /** Most at once; v1 only. */
  readonly peakBytes?: number;
  readonly maxBytes?: number | 'max';
  /** Allocations that the limit refused. */
  readonly limitHits?: number;
}

/** @param nested - the groups below, where they count by themselves */
export function hugetlbStats(
  read: Read,
  version: 1 | 2,
  pageSizes: readonly string[],
  nested: ReadNested = nothingNested,
): readonly HugetlbStats[] {
  return pageSizes.map((pageSize) => {
    const file = (name: string): string | undefined => read(`hugetlb.${pageSize}.${name}`);
    const refused = `hugetlb.${pageSize}.failcnt`;
    return known<HugetlbStats>({
      pageSize,
      currentBytes: single(file(version === 1 ? 'usage_in_bytes' : 'current')),
      peakBytes: version === 1 ? single(file('max_usage_in_bytes')) : undefined,
      maxBytes: limitOf(file(version === 1 ? 'limit_in_bytes' : 'max')),
      limitHits: version === 1 ? withNested(read(refused), nested(refused), single) : field(file('events'), 'max'),
    });
  });
}
