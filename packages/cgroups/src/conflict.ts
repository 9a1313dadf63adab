/** When a container's group is there already. */

/**
 * Whether a failed step means that the name is taken: another container of this name is running, or one that was killed together
 * with its launcher has left its group.
 *
 * @example
 * ```ts
 * import { isCgroupConflict } from '@haco/cgroups';
 * isCgroupConflict('cgroups.create.memory', 'EEXIST'); // true
 * ```
 */
export function isCgroupConflict(stepId: string, errno: string): boolean {
  return stepId.startsWith('cgroups.create.') && errno === 'EEXIST';
}
