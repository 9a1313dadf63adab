/** How often the kernel has killed for want of memory in groups that exist. */
import type { ExistingGroup } from '../enter-groups.js';
import { textOf } from './files.js';
import { nestedReader, nothingNested, withNested } from './nested-counters.js';
import { field } from './stats/text.js';

/** Where it is counted: nowhere without a group for memory. */
interface Counter {
  readonly group?: ExistingGroup;
}

const count = (text: string | undefined): number | undefined => field(text, 'oom_kill');

/** Found once for the groups of a container: asked for at every process that joins. */
const counters = new WeakMap<readonly ExistingGroup[], Counter>();

function fileOf({ version }: ExistingGroup): string {
  return version === 2 ? 'memory.events' : 'memory.oom_control';
}

function counterOf(groups: readonly ExistingGroup[]): Counter {
  let known = counters.get(groups);
  if (known === undefined) {
    const group = groups.find((one) => count(textOf(`${one.path}/${fileOf(one)}`)) !== undefined);
    counters.set(groups, (known = group === undefined ? {} : { group }));
  }
  return known;
}

/**
 * Processes of a container that the kernel has killed for want of memory since its groups were made; undefined when nothing of it
 * counts memory, or it is gone.
 *
 * @param groups - one directory in each hierarchy
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function oomKillsOf(groups: readonly ExistingGroup[]): number | undefined {
  const { group } = counterOf(groups);
  if (group === undefined) return undefined;
  const file = fileOf(group);
  const nested = group.version === 1 ? nestedReader(group.path) : nothingNested;
  return withNested(textOf(`${group.path}/${file}`), nested(file), count);
}
