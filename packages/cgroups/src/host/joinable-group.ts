/** Which of a container's groups a further process can enter, when those inside have made groups of their own. */
import type { HostFacts } from '@haco/plan';
import type { ExistingGroup } from '../enter-groups.js';
import { textOf } from './files.js';
import { ownDirs } from './group-dir.js';
import { membership } from './membership.js';

/**
 * The groups with the one of v2 replaced by where the container's first process has gone, as soon as the group hands controllers down:
 * then no process may be in it itself (EBUSY). The same array as long as nothing is to be replaced.
 *
 * @param pid - the container's first process, as this process sees it
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export function joinableGroups(
  groups: readonly ExistingGroup[],
  pid: number,
  host: HostFacts,
): readonly ExistingGroup[] {
  const group = groups.find(({ version }) => version === 2);
  if (group === undefined || (textOf(`${group.path}/cgroup.subtree_control`) ?? '').trim() === '') return groups;
  const v2 = ownDirs(host).filter(({ version }) => version === 2);
  const [leaf] = membership(pid, v2).filter(({ path }) => path.startsWith(`${group.path}/`));
  // Threaded groups may have both, processes and controllers below: the kernel decides.
  if (leaf === undefined) return groups;
  return groups.map((one) => (one === group ? { version: 2, path: leaf.path } : one));
}
