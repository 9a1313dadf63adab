/** The slot `root`: the directory that becomes the container's root, by whichever way it is made. */
import type { Step } from '@haco/plan';
import { isLegacy, planAttributes, planLegacyAttributes } from '../attributes.js';
import type { MountsSection } from '../section.js';
import type { Situation } from '../situation.js';
import { planDirectoryRoot, planOpenRoot } from './directory.js';
import { planOverlayRoot } from './overlay.js';

/** The step that fills the slot, when anything needs it. */
export function planRoot(
  { rootfs, readonly = false, ...section }: MountsSection,
  situation: Situation,
): readonly Step[] {
  const { entries, masked = [], readonlyPaths = [] } = section;
  if (rootfs === undefined) {
    return entries.length + masked.length + readonlyPaths.length === 0
      ? []
      : [planOpenRoot('/', situation, 'mounts.entries')];
  }
  if (!situation.ownMounts) return 'path' in rootfs ? [planOpenRoot(rootfs.path, situation, 'mounts.rootfs')] : [];
  return [
    'path' in rootfs ? planDirectoryRoot(rootfs.path, readonly, situation) : planOverlayRoot(rootfs.overlay, situation),
  ];
}

/** An overlay becomes read-only when all mounts have found or got their targets in it. */
export function planReadonlyRoot({ rootfs, readonly }: MountsSection, situation: Situation): readonly Step[] {
  if (readonly !== true || rootfs === undefined || 'path' in rootfs || !situation.ownMounts) return [];
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
