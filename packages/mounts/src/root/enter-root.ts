/** The moment after which no path of the host exists. */
import { flags, slot, syscall, type Step } from '@haco/plan';
import { umountFlags } from '../constants.js';
import type { MountsSection } from '../section.js';
import type { Situation } from '../situation.js';

/** Both `.`: the old root is stacked on the new one and taken away there, so the rootfs needs no directory for it. */
function planPivot(situation: Situation): Step {
  return {
    id: 'mounts.enter',
    phase: 'root',
    label: 'make the new root the root of the mount namespace, and detach the old one',
    why: 'after that there is no way back to the host: its mounts are gone, not only out of sight as after chroot(2)',
    operations: [
      syscall('fchdir', [slot('root')]),
      syscall('pivot_root', ['.', '.']),
      syscall('umount2', ['.', flags(umountFlags, 'MNT_DETACH')]),
      syscall('chdir', ['/']),
    ],
    from: 'mounts.rootfs',
    needs: [situation.mayMount],
    source: 'pivot_root(2)',
  };
}

function planChroot(situation: Situation): Step {
  return {
    id: 'mounts.enter',
    phase: 'root',
    label: 'change the root directory',
    why: 'paths begin at the new root; a process that keeps CAP_SYS_CHROOT can get out again, which only a mount namespace and pivot_root prevent',
    operations: [
      syscall('fchdir', [slot('root')]),
      syscall('chroot', ['.']),
      // chroot(2) leaves the working directory where it was, which a relative path could use to get out.
      syscall('chdir', ['/']),
    ],
    from: 'mounts.rootfs',
    needs: [{ capability: 'sys_chroot', over: situation.inUserNamespace ? 'container' : 'host' }],
    source: 'chroot(2)',
  };
}

/** The step, when there is a new root. */
export function planEnterRoot({ rootfs }: MountsSection, situation: Situation): readonly Step[] {
  if (rootfs === undefined) return [];
  return [situation.entry === 'pivot_root' ? planPivot(situation) : planChroot(situation)];
}
