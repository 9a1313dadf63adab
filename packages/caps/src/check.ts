/** What will fail on a host, told before it is tried, with a way out. */
import type { PlanContext, Warning } from '@haco/plan';
import { capabilityName } from './names.js';
import { droppedSet, isAsked, mayDrop } from './plan-caps.js';
import { effectiveSet, heldSet, knownSet, type CapabilitySet } from './sets.js';
import type { CapsSection } from './section.js';

function names(set: CapabilitySet): string {
  return set.map((number) => capabilityName(String(number)) ?? String(number)).join(', ');
}

/** All checks of this part. */
export function checkSection(section: CapsSection, context: PlanContext): readonly Warning[] {
  if (!isAsked(section)) return [];
  const known = new Set(knownSet(context.host));
  const held = new Set(heldSet(context));
  const kept = effectiveSet(section, context);
  const unknown = kept.filter((number) => !known.has(number));
  const missing = kept.filter((number) => known.has(number) && !held.has(number));
  const way = 'add unshare("user") to have all of them inside, or run it as root';
  return [
    ...(unknown.length === 0
      ? []
      : [
          {
            step: 'caps.set',
            kind: 'unsupported',
            message: `This kernel doesn't know the capability ${names(unknown)} of caps(); leave it out, or check with "cat /proc/sys/kernel/cap_last_cap".`,
          } as const,
        ]),
    ...(missing.length === 0
      ? []
      : [
          {
            step: 'caps.set',
            kind: 'permission',
            message: `caps() keeps ${names(missing)}, which this process doesn't hold itself; ${way}.`,
          } as const,
        ]),
    ...(droppedSet(section, context).length === 0 || mayDrop(context)
      ? []
      : [
          {
            step: 'caps.bounding',
            kind: 'permission',
            message: `caps() drops capabilities from the bounding set, which takes CAP_SETPCAP; ${way}.`,
          } as const,
        ]),
  ];
}
