/** How often the kernel has killed for want of memory in groups that exist. */
import type { ExistingGroup } from '../enter-groups.js';
import { textOf } from './files.js';

const counter = /^oom_kill (\d+)$/m;
/** Which file counts, where one does: asked for at every process that joins. */
const files = new WeakMap<readonly ExistingGroup[], { readonly path?: string }>();

function fileOf(groups: readonly ExistingGroup[]): string | undefined {
  let known = files.get(groups);
  if (known === undefined) {
    const paths = groups.map(
      ({ version, path }) => `${path}/${version === 2 ? 'memory.events' : 'memory.oom_control'}`,
    );
    const path = paths.find((one) => counter.test(textOf(one) ?? ''));
    files.set(groups, (known = path === undefined ? {} : { path }));
  }
  return known.path;
}

/**
 * Processes of a container that the kernel has killed for want of memory since its groups were made; undefined when nothing of it
 * counts memory, or it is gone.
 *
 * @param groups - one directory in each hierarchy
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function oomKillsOf(groups: readonly ExistingGroup[]): number | undefined {
  const path = fileOf(groups);
  const count = path === undefined ? undefined : counter.exec(textOf(path) ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
}
