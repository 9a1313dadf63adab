/** The groups in which a process is, as far as they aren't the caller's own. */
import type { HostFacts } from '@haco/plan';
import { namedDirs, ownDirs, type GroupDir } from './group-dir.js';
import { membership } from './membership.js';

/**
 * The groups of a process, in every hierarchy in which it is in another group than the caller.
 *
 * @param pid - as this process sees it
 * @example
 * ```ts
 * import { groupsOf } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * groupsOf(process.pid, probeHost()); // []
 * ```
 */
export function groupsOf(pid: number, host: HostFacts): readonly GroupDir[] {
  const own = [...ownDirs(host), ...namedDirs(host)];
  return membership(pid, own).filter(({ path }) => own.every((base) => base.path !== path));
}
