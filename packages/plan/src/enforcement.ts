/** How far a limit or a protection that was asked for is in force. */

/**
 * - `enforced`: the kernel accepted it;
 * - `degraded`: a weaker form is in force, because the caller allowed that;
 * - `refused`: the host can't do it, and the caller said to go on without.
 */
export type Enforcement = 'enforced' | 'degraded' | 'refused';
