/** The step by which the container's process enters its groups. */
import { slot, syscall, type PlanContext, type Step } from '@haco/plan';
import { joinSlot } from './create.js';
import { isJoined, type Hierarchy } from './locate.js';

/**
 * The process enters by itself: the launcher stays outside, so it isn't counted by the limits and needn't leave before it
 * removes the groups. The kernel asks who opened the file, not who writes, so this works in a new user namespace too. It
 * comes before everything else that the process does. The first of several moves costs the most, so they are one step.
 */
export function planJoin(hierarchies: readonly Hierarchy[], { host }: PlanContext): readonly Step[] {
  const joined = hierarchies.filter((hierarchy) => isJoined(hierarchy, host));
  const [first] = joined;
  if (first === undefined) return [];
  return [
    {
      id: 'cgroups.join',
      phase: 'identity',
      label: `enter the group in ${joined.map(({ id }) => id).join(', ')}`,
      why: 'what this process starts is then limited too, and the launcher is not',
      from: first.settings[0]?.from ?? 'cgroups',
      operations: joined.map((hierarchy) => syscall('write', [slot(joinSlot(hierarchy)), '0', 1], { expect: 1 })),
      source: 'cgroups(7)',
    },
  ];
}
