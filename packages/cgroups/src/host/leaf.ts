/** Make the own v2 group able to have groups with limits below it. */
import type { HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { okAsync, type ResultAsync } from 'neverthrow';
import { joinPath } from './group-dir.js';
import { enableControllers } from './subtree.js';

/**
 * Move every process of the caller's own v2 group into the group `haco-self` below it, and hand all controllers down. The kernel
 * lets a group with processes have no groups with limits below it, so an ordinary user calls this once, in a group that was
 * delegated to the program (`systemd-run --user --scope -p Delegate=yes …`); the processes stay under the same limits. Does
 * nothing on v1, and when it has been done before. Fails with `permission` when the group isn't the caller's.
 *
 * @example
 * ```ts
 * import { moveSelfToLeaf } from '@haco/cgroups';
 * (await moveSelfToLeaf()).match(
 *   () => console.log('containers may have limits'),
 *   (error) => console.error(error.message),
 * );
 * ```
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export function moveSelfToLeaf(): ResultAsync<void, HacoError> {
  const { v2 } = probeHost({ fresh: true }).cgroups;
  if (v2 === undefined) return okAsync(undefined);
  const missing = v2.controllers.filter((name) => !v2.subtreeControl.includes(name));
  if (missing.length === 0) return okAsync(undefined);
  // Plans ask where this process is.
  const lookAgain = (): void => void probeHost({ fresh: true });
  return enableControllers(joinPath(v2.mountPoint, v2.ownGroup), missing, true).map(lookAgain);
}
