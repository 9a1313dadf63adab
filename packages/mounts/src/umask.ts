/** Modes of what is made in the container's tree. */
import { syscall, type Step } from '@haco/plan';
import { isSelected } from './root/selection.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';

/** The step, when directories or devices may be made. The session gives the container its own mask later. */
export function planUmask({ rootfs, entries, masked = [] }: MountsSection, situation: Situation): readonly Step[] {
  const makes =
    entries.length + masked.length > 0 || (rootfs !== undefined && 'overlay' in rootfs) || isSelected(rootfs);
  if (!makes || !situation.hasMounts) return [];
  return [
    {
      id: 'mounts.umask',
      phase: 'mounts',
      label: 'let new files have the modes that are asked for',
      why: 'the mask of the caller could make the root or a device unusable for everybody but root',
      operations: [syscall('umask', [0])],
      from: 'mounts',
      source: 'umask(2)',
    },
  ];
}
