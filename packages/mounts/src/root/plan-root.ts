/** The slot `root`: the directory that becomes the container's root, by whichever way it is made. */
import type { Step } from '@haco/plan';
import { isLegacy, planAttributes, planLegacyAttributes } from '../attributes.js';
import { hostLayers, isLayeredHost, planLayer } from '../layer.js';
import type { MountsSection } from '../section.js';
import type { Situation } from '../situation.js';
import { needsStore } from '../store.js';
import { onTop, planDirectoryRoot, planIdmappedRoot, planOpenRoot } from './directory.js';
import { planOverlayRoot } from './overlay.js';
import { isSelected, planSelectedRoot } from './selection.js';

/** The step that fills the slot, when anything needs it. */
export function planRoot(section: MountsSection, situation: Situation, networkEtc?: string): readonly Step[] {
  const { rootfs, readonly = false, idmap, entries, masked = [], readonlyPaths = [] } = section;
  if (rootfs === undefined) {
    const brought = networkEtc !== undefined && situation.ownMounts;
    return entries.length + masked.length + readonlyPaths.length === 0 && !brought
      ? []
      : [planOpenRoot('/', situation, 'mounts.entries')];
  }
  if (!situation.ownMounts) return 'path' in rootfs ? [planOpenRoot(rootfs.path, situation, 'mounts.rootfs')] : [];
  // The store goes below it.
  const attach = needsStore(section, situation) ? [] : [onTop('root')];
  // What can be changed are its layers, which come once the store is there.
  if (isLayeredHost(section, situation)) return [planDirectoryRoot('/', true, situation, attach)];
  const isIdmapped = idmap !== undefined;
  if (isSelected(rootfs)) return [planSelectedRoot({ rootfs, readonly }, situation, attach)];
  if ('path' in rootfs) {
    const { path } = rootfs;
    const early = readonly && section.stubs !== true;
    return [isIdmapped ? planIdmappedRoot(path, situation, attach) : planDirectoryRoot(path, early, situation, attach)];
  }
  return [planOverlayRoot(rootfs.overlay, isIdmapped, situation, attach)];
}

/** The layers over the host's tree, where they take the place of an overlay of the whole. */
export function planHostLayers(section: MountsSection, situation: Situation): readonly Step[] {
  if (!isLayeredHost(section, situation) || section.readonly === true) return [];
  return [
    {
      id: 'mounts.layers',
      phase: 'mounts',
      label: `lay throw-away writable layers over ${hostLayers.map(({ path }) => path).join(', ')}, where they can be`,
      why: 'in a user namespace the kernel makes no overlay of "/", since that would uncover what lies under its mounts; directories with mounts below stay read-only',
      operations: hostLayers.flatMap((layer) => planLayer(situation, layer, layer.path.slice(1))),
      from: 'mounts.rootfs',
      needs: [situation.mayMount],
      requires: ['open_tree', 'openat2'],
      source: 'https://docs.kernel.org/filesystems/overlayfs.html',
    },
  ];
}

/** An overlay, and a root in which mount points are made, becomes read-only when all mounts have found or got their targets in it. */
export function planReadonlyRoot(section: MountsSection, situation: Situation): readonly Step[] {
  const { rootfs, readonly } = section;
  if (
    readonly !== true ||
    rootfs === undefined ||
    ('path' in rootfs && section.stubs !== true && !isSelected(rootfs)) ||
    !situation.ownMounts ||
    isLayeredHost(section, situation)
  )
    return [];
  const change = { mount: 'root', attributes: { readonly: true }, recursive: false };
  const legacy = isLegacy(change, situation);
  return [
    {
      id: 'mounts.readonly',
      phase: 'mounts',
      label: 'make the root read-only',
      why: 'only now, because missing mount points were made in it',
      operations: legacy ? planLegacyAttributes(change, situation) : planAttributes(change),
      from: 'mounts.readonly',
      needs: [situation.mayMount],
      requires: legacy ? [] : ['mount_setattr'],
      source: 'mount_setattr(2)',
    },
  ];
}
