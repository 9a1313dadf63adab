/** What will fail on a host, told before it is tried, with a way out. */
import { isHostRoot, missingRights, type PlanContext, type Warning } from '@haco/plan';
import { capabilityName } from './names.js';
import { droppedSet, isAsked, mayDrop } from './plan-caps.js';
import { unknownSecureBits } from './securebits.js';
import { heldSet, knownSet, processSets, type CapabilitySet } from './sets.js';
import { capabilitySetNames, type CapsSection } from './section.js';

/** To have what this process doesn't hold. */
function way({ host }: PlanContext, ...capabilities: readonly string[]): string {
  const { remedy } = missingRights(host, ...capabilities);
  return `add unshare("user") to have all of them inside, or ${isHostRoot(host) ? remedy : 'run it as root'}`;
}

function names(set: Iterable<number>): string {
  return [...set].map((number) => capabilityName(String(number)) ?? String(number)).join(', ');
}

function union(sets: readonly CapabilitySet[]): readonly number[] {
  return [...new Set(sets.flat())].sort((a, b) => a - b);
}

function checkSets(section: CapsSection, context: PlanContext): readonly Warning[] {
  const known = new Set(knownSet(context.host));
  const held = new Set(heldSet(context));
  const sets = processSets(section, context);
  const unknown = union(capabilitySetNames.map((name) => sets[name])).filter((number) => !known.has(number));
  const missing = union([sets.permitted, sets.inheritable]).filter((number) => known.has(number) && !held.has(number));
  const verb = section.sets === undefined ? 'caps()' : 'capSets()';
  return [
    ...(unknown.length === 0
      ? []
      : [
          {
            step: 'caps.set',
            kind: 'unsupported',
            message: `This kernel doesn't know the capability ${names(unknown)} of ${verb}; leave it out, or check with "cat /proc/sys/kernel/cap_last_cap".`,
          } as const,
        ]),
    ...(missing.length === 0
      ? []
      : [
          {
            step: 'caps.set',
            kind: 'permission',
            message: `${verb} keeps ${names(missing)}, which this process doesn't hold itself; ${way(context, ...missing.map((number) => names([number])))}.`,
          } as const,
        ]),
    ...(droppedSet(section, context).length === 0 || mayDrop(context)
      ? []
      : [
          {
            step: 'caps.bounding',
            kind: 'permission',
            message: `${verb} drops capabilities from the bounding set, which takes CAP_SETPCAP; ${way(context, 'setpcap')}.`,
          } as const,
        ]),
  ];
}

function checkSecurebits({ securebits }: CapsSection, context: PlanContext): readonly Warning[] {
  if (securebits === undefined) return [];
  const unknown = unknownSecureBits(securebits, context.host);
  const warning = (kind: Warning['kind'], message: string): Warning => ({ step: 'caps.securebits', kind, message });
  return [
    ...(unknown.length === 0
      ? []
      : [
          warning(
            'unsupported',
            `This kernel (${context.host.kernel.release}) doesn't know the secure bit ${unknown.join(', ')} (Linux 6.14); leave it out, or use a newer kernel.`,
          ),
        ]),
    ...(mayDrop(context) ? [] : [warning('permission', `securebits() takes CAP_SETPCAP; ${way(context, 'setpcap')}.`)]),
  ];
}

/** All checks of this part. */
export function checkSection(section: CapsSection, context: PlanContext): readonly Warning[] {
  return isAsked(section) ? [...checkSets(section, context), ...checkSecurebits(section, context)] : [];
}
