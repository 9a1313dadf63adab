/** When a container's group is there already. */

/**
 * Whether a failed step means that the name is taken: another container of this name is running, or one that was killed together
 * with its launcher has left its group.
 *
 * @example
 * ```ts
 * import { isGroupConflict } from '@haco/cgroups';
 * isGroupConflict({ stepId: 'cgroups.create.memory', errno: 'EEXIST' }); // true
 * ```
 */
export function isGroupConflict({ stepId, errno }: { readonly stepId: string; readonly errno: string }): boolean {
  return stepId.startsWith('cgroups.create.') && errno === 'EEXIST';
}

/** What to do about it, for a `ConflictError`. */
export const groupConflictRemedy =
  'choose another name, or wait for that container to end; when none of this name is running, remove its empty group with rmdir';
