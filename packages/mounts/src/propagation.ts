/** The border of a new mount namespace. */
import { flags, syscall, type Step } from '@haco/plan';
import { mountFlags, NULL } from './constants.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';

/**
 * Make the whole tree private. Not slave, as runc does: a slave would receive what the host mounts later, which nobody asked for;
 * a bind mount that wants it says so. And pivot_root(2) refuses shared mounts (EINVAL).
 */
export function planPrivate({ propagation }: MountsSection, situation: Situation): readonly Step[] {
  if (!situation.ownMounts) return [];
  if (propagation === 'slave') {
    return [
      {
        id: 'mounts.slave',
        phase: 'mounts',
        label: 'make all mounts of the new mount namespace slaves of those of the host',
        why: 'what the host mounts later below the root or a bind mount is to appear inside, and nothing from inside outside',
        operations: [syscall('mount', [NULL, '/', NULL, flags(mountFlags, 'MS_REC', 'MS_SLAVE'), NULL])],
        from: 'mounts.propagation',
        needs: [situation.mayMount],
        source: 'mount_namespaces(7)',
      },
    ];
  }
  return [
    {
      id: 'mounts.private',
      phase: 'mounts',
      label: 'make all mounts of the new mount namespace private',
      why: 'a new mount namespace starts with copies that still belong to the peer groups of the host: mounts would cross in both directions',
      operations: [syscall('mount', [NULL, '/', NULL, flags(mountFlags, 'MS_REC', 'MS_PRIVATE'), NULL])],
      from: 'namespaces.unshare',
      needs: [situation.mayMount],
      source: 'mount_namespaces(7)',
    },
  ];
}
