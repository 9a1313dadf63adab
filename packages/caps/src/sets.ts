/** Which capabilities are kept, which must go, and which there are, on one host. */
import { type HostFacts, type PlanContext, plain } from '@haco/plan';
import { capabilityName, capabilityNumber, type CapabilityName } from './names.js';
import type { CapabilitySetName, CapsSection } from './section.js';

/** Numbers of capabilities, in ascending order. */
export type CapabilitySet = readonly number[];

/** Each once: in the kernel's words they are bits, and a bit that is added to itself is another one. */
function setOf(names: readonly CapabilityName[]): CapabilitySet {
  return [...new Set(names.map(capabilityNumber))].sort((a, b) => a - b);
}

/** All that the host's kernel has. */
export function knownSet(host: HostFacts): CapabilitySet {
  return host.knownCapabilities.map((_, number) => number);
}

/** What the container's process holds before this part's steps: everything, in a user namespace that it made or joined. */
export function heldSet({ host, facts }: PlanContext): CapabilitySet {
  if (facts.unshared.includes('user') || facts.entered.includes('user')) return knownSet(host);
  return host.capabilities
    .flatMap((input) => {
      const name = capabilityName(input);
      return name === undefined ? [] : [capabilityNumber(name)];
    })
    .sort((a, b) => a - b);
}

/** What the section keeps of what the kernel has. */
export function keptSet({ keep = 'all', drop = [] }: CapsSection, host: HostFacts): CapabilitySet {
  const dropped = new Set(drop.map(capabilityNumber));
  const all = keep === 'all' ? knownSet(host) : setOf(keep);
  return all.filter((number) => !dropped.has(number));
}

function boundingSet(section: CapsSection, host: HostFacts): CapabilitySet {
  const asked = section.sets?.bounding;
  if (asked === undefined) return keptSet(section, host);
  return asked === 'all' ? knownSet(host) : setOf(asked);
}

/** The names of the bounding set. */
export function boundingNames(section: CapsSection, host: HostFacts): readonly CapabilityName[] {
  return boundingSet(section, host).flatMap((number) => capabilityName(String(number)) ?? []);
}

/** What {@link keptSet} can be in force: of an open list ("all but …") only what is held; a closed list is meant as it is. */
export function effectiveSet(section: CapsSection, context: PlanContext): CapabilitySet {
  const kept = keptSet(section, context.host);
  if (section.keep !== undefined && section.keep !== 'all') return kept;
  const held = new Set(heldSet(context));
  return kept.filter((number) => held.has(number));
}

/** The five sets with which the command is executed. */
export function processSets(
  section: CapsSection,
  context: PlanContext,
): Readonly<Record<CapabilitySetName, CapabilitySet>> {
  const sets = plain(section.sets ?? {});
  const numbers = (name: CapabilitySetName, all: CapabilitySet, otherwise: CapabilitySet): CapabilitySet => {
    const asked = sets[name];
    if (asked === undefined) return otherwise;
    return asked === 'all' ? all : setOf(asked);
  };
  const within = (set: CapabilitySet, ...others: readonly CapabilitySet[]): CapabilitySet =>
    set.filter((number) => others.every((other) => other.includes(number)));
  const held = heldSet(context);
  const bounding = boundingSet(section, context.host);
  const permitted = numbers('permitted', held, effectiveSet(section, context));
  const effective = numbers('effective', permitted, permitted);
  // Root has the bounding set as permitted set after execve(2); everybody else only what is ambient.
  const keepsForUser = finalUid(context) !== 0 && (section.keep !== undefined || section.drop !== undefined);
  const inheritable = sets.inheritable === undefined ? undefined : numbers('inheritable', held, []);
  const possible = within(permitted, inheritable ?? permitted);
  const ambient = numbers('ambient', possible, keepsForUser ? possible : []);
  return { bounding, permitted, effective, inheritable: inheritable ?? ambient, ambient };
}

/** The names of the effective set right before the command. */
export function effectiveNames(section: CapsSection, context: PlanContext): readonly CapabilityName[] {
  return processSets(section, context).effective.flatMap((number) => capabilityName(String(number)) ?? []);
}

/** The user that the command will run as, as seen inside. */
export function finalUid({ host, facts }: PlanContext): number {
  if (facts.uid !== undefined) return facts.uid;
  if (facts.idMap !== undefined) {
    const mapsRoot = facts.idMap.uid.some(({ inside }) => inside === 0);
    return mapsRoot ? 0 : (facts.idMap.uid[0]?.inside ?? 0);
  }
  return facts.entered.includes('user') ? 0 : host.euid;
}
