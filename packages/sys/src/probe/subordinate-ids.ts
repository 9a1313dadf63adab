/** Ranges of subordinate ids that a user has, out of `/etc/subuid` or `/etc/subgid`. */
import { type SubordinateRange } from '@haco/plan';

/**
 * The lines of one user, who is named or given by uid; others and malformed lines are left out.
 *
 * @see subuid(5)
 */
export function parseSubordinateIds(
  text: string,
  user: { readonly name: string | undefined; readonly uid: number },
): readonly SubordinateRange[] {
  return text.split('\n').flatMap((line) => {
    const [, owner, start, count] = /^([^:#]+):(\d+):(\d+)\s*$/.exec(line) ?? [];
    if (owner === undefined || (owner !== user.name && owner !== String(user.uid)) || Number(count) === 0) return [];
    return [{ start: Number(start), count: Number(count) }];
  });
}
