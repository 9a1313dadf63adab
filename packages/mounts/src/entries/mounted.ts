/** What is mounted where, as far as a plan can tell: which of a section's mounts holds a path. */
import { independentKinds } from '../kinds/index.js';
import { hostLayers, isLayeredHost } from '../layer.js';
import { isSelected } from '../root/selection.js';
import type { MountEntry, MountsSection } from '../section.js';
import type { Situation } from '../situation.js';

/** A mount. */
export interface Mounted {
  readonly path: string;
  /** Whether it vanishes with the container, so that things may be made in it. */
  readonly throwAway: boolean;
  /** Nobody in the container can change what it shows. */
  readonly readonly?: boolean;
}

/** `/a//b/` and `/a/b` are the same target. */
export function normalize(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** What there is before the first entry. */
export function mountedFirst(section: MountsSection, situation: Situation): readonly Mounted[] {
  const { rootfs, stubs = false, readonly = false } = section;
  const layered = isLayeredHost(section, situation);
  const isThrowAway = rootfs !== undefined && 'overlay' in rootfs && rootfs.overlay.keep === undefined && !layered;
  const selected = isSelected(rootfs) ? rootfs.only : [];
  return [
    { path: '/', throwAway: isThrowAway || selected.length > 0 || stubs, readonly },
    ...selected.map((path) => ({ path, throwAway: stubs, readonly })),
    // A layer that could not be laid leaves its directory read-only: nothing is made on the host.
    ...(layered ? hostLayers.map(({ path }) => ({ path, throwAway: true })) : []),
  ];
}

/** What an entry leaves at its target. */
export function mountedBy(entry: MountEntry, stubs: boolean): readonly Mounted[] {
  switch (entry.kind) {
    case 'overlay':
      return [{ path: entry.target, throwAway: true }];
    case 'tmpfs':
      return [{ path: entry.target, throwAway: entry.readonly !== true, readonly: entry.readonly === true }];
    case 'bind':
      return [{ path: entry.target, throwAway: stubs, readonly: entry.readonly === true && entry.recursive !== false }];
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

/** The mount that holds a path: the deepest above it, the latest among equals. */
export function holderOf(mounted: readonly Mounted[], path: string): Mounted | undefined {
  return mounted
    .filter((mount) => isAbove(mount.path, path))
    .reduce<Mounted | undefined>(
      (best, mount) => (best === undefined || mount.path.length >= best.path.length ? mount : best),
      undefined,
    );
}
