/** What a change means together with what the group has: limits that v1 keeps in one file, and limits that bound each other. Pure. */
import { byKey, type Setting } from '../../settings.js';
import { hasController, type GroupDir } from '../group-dir.js';

/** The content of a file before the update, without the end of line; undefined when it can't be read. */
export type ReadOld = (path: string) => string | undefined;

/** A change, with what it needs to know of the group. */
export interface Change {
  /** What is to be written. */
  readonly settings: readonly Setting[];
  /** By which settings are spelled: with limits that the group has and that stay. */
  readonly context: readonly Setting[];
}

/** v1's highest limit is a little less than 2^63; `-1` and `max` mean it. */
const unlimited = 2 ** 62;

/** A number of a file, or no limit. */
export function amount(text: string | undefined): number {
  const number = Number(text);
  if (text === undefined || Number.isNaN(number) || number < 0 || number >= unlimited) return Number.POSITIVE_INFINITY;
  return number;
}

/** The quota of `cpu.max` or `cpu.cfs_quota_us`, in microseconds. */
export function quota(text: string | undefined): number {
  return amount(text?.trim().split(/\s+/)[0]);
}

function find(settings: readonly Setting[], ...keys: readonly string[]): Setting | undefined {
  return settings.find(({ key }) => keys.includes(key));
}

/** v1 limits memory and swap together: who says one of them means the other to stay. */
function withSwap({ settings, context }: Change, dir: GroupDir, old: ReadOld): Change {
  const memory = find(settings, 'memory.max');
  const swap = find(settings, 'memory.swap.max');
  const isRaw = find(settings, 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes') !== undefined;
  if (dir.version !== 1 || isRaw || (memory === undefined) === (swap === undefined)) return { settings, context };
  const limit = amount(old(`${dir.path}/memory.limit_in_bytes`));
  if (swap !== undefined) {
    if (limit === Number.POSITIVE_INFINITY) return { settings, context };
    return { settings, context: [...context, { ...swap, key: 'memory.limit_in_bytes', value: String(limit) }] };
  }
  const both = amount(old(`${dir.path}/memory.memsw.limit_in_bytes`));
  const bytes = amount(memory?.value);
  if (memory === undefined || both < limit || ![limit, both, bytes].every(Number.isFinite))
    return { settings, context };
  const moved = { ...memory, key: 'memory.memsw.limit_in_bytes', value: String(bytes + both - limit) };
  return { settings: [...settings, moved], context: [...context, moved] };
}

/** The kernel takes no burst above the quota: one that is larger shrinks with it. */
function withBurst({ settings, context }: Change, { version, path }: GroupDir, old: ReadOld): Change {
  const cpu = find(settings, 'cpu.max');
  if (cpu === undefined || find(settings, 'cpu.max.burst', 'cpu.cfs_burst_us') !== undefined)
    return { settings, context };
  const burst = amount(old(`${path}/${version === 1 ? 'cpu.cfs_burst_us' : 'cpu.max.burst'}`));
  const microseconds = quota(cpu.value);
  if (!Number.isFinite(burst) || burst <= microseconds) return { settings, context };
  const shrunk = { ...cpu, key: 'cpu.max.burst', value: String(microseconds) };
  return { settings: [...settings, shrunk], context: [...context, shrunk] };
}

/** The settings of an update, and those that follow from them. */
export function together(dirs: readonly GroupDir[], settings: readonly Setting[], old: ReadOld): Change {
  const keys = byKey(settings);
  let change: Change = { settings, context: settings };
  const at = (controller: string): GroupDir | undefined => dirs.find((dir) => hasController(dir, controller));
  const [memory, cpu] = [at('memory'), at('cpu')];
  if (memory !== undefined) change = withSwap(change, memory, old);
  if (cpu !== undefined && keys.has('cpu.max')) change = withBurst(change, cpu, old);
  return change;
}
