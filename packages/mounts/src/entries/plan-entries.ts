/** All mounts in the order in which they were asked for. */
import { type Step, plain } from '@haco/plan';
import { independentKinds } from '../kinds/index.js';
import { hostLayers, isLayeredHost } from '../layer.js';
import type { MountEntry, MountsSection } from '../section.js';
import type { Situation } from '../situation.js';
import { planBind } from './bind.js';
import type { EntryContext } from './entry-steps.js';
import { planFile } from './file.js';
import { planFilesystemEntry, planTmpfs } from './filesystem-entry.js';
import { planIndependent } from './independent.js';
import { planOverlayEntry } from './overlay-entry.js';
import { planNodes } from './nodes.js';
import { planNetworkEtc, planOwnEtc } from './network-etc.js';

interface Mounted {
  readonly path: string;
  readonly throwAway: boolean;
}

/** What an entry leaves at its target. */
function mountedBy(entry: MountEntry, stubs: boolean): readonly Mounted[] {
  switch (entry.kind) {
    case 'overlay':
      return [{ path: entry.target, throwAway: true }];
    case 'tmpfs':
      return [{ path: entry.target, throwAway: entry.readonly !== true }];
    case 'bind':
    case 'filesystem':
      return [{ path: entry.target, throwAway: stubs }];
    case 'independent': {
      const { target, throwAway } = independentKinds[entry.name];
      return [{ path: target, throwAway }];
    }
    case 'file':
    case 'nodes':
    case 'network-etc':
      return [];
  }
}

function isAbove(mount: string, path: string): boolean {
  return mount === '/' || path.startsWith(`${mount}/`);
}

/** The mount that holds a path, if it is a throw-away one: the deepest above it, the latest among equals. */
function throwAwayAbove(mounted: readonly Mounted[], path: string): string | undefined {
  const above = mounted.filter((mount) => isAbove(mount.path, path));
  const deepest = above.reduce<Mounted | undefined>(
    (best, mount) => (best === undefined || mount.path.length >= best.path.length ? mount : best),
    undefined,
  );
  return deepest?.throwAway === true ? deepest.path : undefined;
}

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

/** `/a//b/` and `/a/b` are the same target. */
export function normalize(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** One step for each entry. */
export function planEntries(section: MountsSection, situation: Situation, networkEtc?: string): readonly Step[] {
  const { rootfs, stubs = false } = section;
  const layered = isLayeredHost(section, situation);
  const isThrowAway = rootfs !== undefined && 'overlay' in rootfs && rootfs.overlay.keep === undefined && !layered;
  const mounted: Mounted[] = [
    { path: '/', throwAway: isThrowAway || stubs },
    // A layer that could not be laid leaves its directory read-only: nothing is made on the host.
    ...(layered ? hostLayers.map(({ path }) => ({ path, throwAway: true })) : []),
  ];
  const steps = section.entries.map((given, index) => {
    const entry = plain('target' in given ? { ...given, target: normalize(given.target) } : given);
    const step = planEntry(entry, {
      situation,
      index,
      throwAwayAbove: (path) => throwAwayAbove(mounted, path),
    });
    mounted.push(...mountedBy(entry, stubs));
    return step;
  });
  // Whoever says where names come from wins over what a network brings.
  if (networkEtc === undefined || !situation.ownMounts || section.entries.some(({ kind }) => kind === 'network-etc')) {
    return steps;
  }
  const context = { situation, index: steps.length, throwAwayAbove: (path: string) => throwAwayAbove(mounted, path) };
  return [...steps, planOwnEtc(networkEtc, context)];
}
