/** All mounts in the order in which they were asked for. */
import { type Step, plain } from '@haco/plan';
import type { MountEntry, MountsSection } from '../section.js';
import type { Situation } from '../situation.js';
import { planBind, planSource } from './bind.js';
import type { EntryContext } from './entry-steps.js';
import { planFile } from './file.js';
import { planFilesystemEntry, planTmpfs } from './filesystem-entry.js';
import { planIndependent } from './independent.js';
import { holderOf, mountedBy, mountedFirst, normalize, type Mounted } from './mounted.js';
import { planOverlayEntry } from './overlay-entry.js';
import { planNodes } from './nodes.js';
import { planEtcSources, planNetworkEtc, planOwnEtc } from './network-etc.js';

function planEntry(entry: MountEntry, context: EntryContext): Step {
  switch (entry.kind) {
    case 'bind':
      return planBind(entry, context);
    case 'filesystem':
      return planFilesystemEntry(entry, context);
    case 'tmpfs':
      return planTmpfs(entry, context);
    case 'independent':
      return planIndependent(entry, context);
    case 'overlay':
      return planOverlayEntry(entry, context);
    case 'file':
      return planFile(entry, context);
    case 'nodes':
      return planNodes(entry, context);
    case 'network-etc':
      return planNetworkEtc(entry, context);
  }
}

/** What is opened while nothing lies on the host's root. */
export function planSources({ entries }: MountsSection, situation: Situation): readonly Step[] {
  return entries.flatMap((entry, index) => {
    if (entry.kind === 'network-etc') return planEtcSources(entry, situation, index);
    if (entry.kind !== 'bind') return [];
    return planSource(plain({ ...entry, target: normalize(entry.target) }), situation, index);
  });
}

/** One step for each entry. */
export function planEntries(section: MountsSection, situation: Situation, networkEtc?: string): readonly Step[] {
  const { stubs = false } = section;
  const mounted: Mounted[] = [...mountedFirst(section, situation)];
  const throwAwayAbove = (path: string): string | undefined => {
    const holder = holderOf(mounted, path);
    return holder?.throwAway === true ? holder.path : undefined;
  };
  const steps = section.entries.map((given, index) => {
    const entry = plain('target' in given ? { ...given, target: normalize(given.target) } : given);
    const step = planEntry(entry, { situation, index, throwAwayAbove });
    mounted.push(...mountedBy(entry, stubs));
    return step;
  });
  // Whoever says where names come from wins over what a network brings.
  if (networkEtc === undefined || !situation.ownMounts || section.entries.some(({ kind }) => kind === 'network-etc')) {
    return steps;
  }
  const context = { situation, index: steps.length, throwAwayAbove };
  return [...steps, planOwnEtc(networkEtc, context)];
}
