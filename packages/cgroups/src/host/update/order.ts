/** The order in which the kernel takes the writes of an update, from where the group is now. Pure. */
import { amount, quota, type ReadOld } from './current.js';
import type { PlannedWrite } from './plan-update.js';

/** Put two writes one after the other, where the first of them stands now. */
function ordered(
  writes: readonly PlannedWrite[],
  pair: readonly [PlannedWrite, PlannedWrite],
): readonly PlannedWrite[] {
  const at = Math.min(...pair.map((write) => writes.indexOf(write)));
  const rest = writes.filter((write) => !pair.includes(write));
  return [...rest.slice(0, at), ...pair, ...rest.slice(at)];
}

/**
 * A limit that the kernel bounds by another one also for the moment between two writes: when it grows beyond what the other one
 * allows now, that goes first; else it goes first itself.
 */
function orderBounded(
  writes: readonly PlannedWrite[],
  old: ReadOld,
  [boundedFile, boundFile]: readonly [bounded: string, bound: string],
  read: (text: string | undefined) => number,
): readonly PlannedWrite[] {
  const bounded = writes.find(({ file }) => file === boundedFile);
  const bound = writes.find(({ file }) => file === boundFile);
  if (bounded === undefined || bound === undefined) return writes;
  const grows = amount(bounded.value) > read(old(bound.path));
  return ordered(writes, grows ? [bound, bounded] : [bounded, bound]);
}

/** What bounds what: memory by memory and swap together, the burst by the quota. */
const bounds = [
  ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', amount],
  ['cpu.cfs_burst_us', 'cpu.cfs_quota_us', quota],
  ['cpu.max.burst', 'cpu.max', quota],
] as const;

/** What can't be read can't be put back: last, so that nothing after it fails. */
function readableFirst(writes: readonly PlannedWrite[], old: ReadOld): readonly PlannedWrite[] {
  const isReadable = (write: PlannedWrite): boolean => old(write.path) !== undefined;
  return [...writes.filter(isReadable), ...writes.filter((write) => !isReadable(write))];
}

/** The same writes, in such an order. */
export function inOrder(writes: readonly PlannedWrite[], old: ReadOld): readonly PlannedWrite[] {
  const sorted = bounds.reduce(
    (before, [bounded, bound, read]) => orderBounded(before, old, [bounded, bound], read),
    writes,
  );
  return readableFirst(sorted, old);
}
