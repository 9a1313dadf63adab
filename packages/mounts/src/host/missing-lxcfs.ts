/** Whether LXCFS is there, as far as this machine can tell before a start. */
import { statfsSync } from 'node:fs';
import type { Warning } from '@haco/plan';
import { lxcfsProof, lxcfsRemedy, lxcfsStepId } from '../lxcfs.js';
import type { MountsSection } from '../section.js';

/** FUSE_SUPER_MAGIC of linux/magic.h. */
const fuse = 0x65735546;

/** The problem of `check()` and `explain()`, when there is one. */
export function missingLxcfs({ lxcfs }: Pick<MountsSection, 'lxcfs'>): readonly Warning[] {
  if (lxcfs === undefined) return [];
  try {
    // A directory of that name is there as soon as the package is installed; one that has crashed answers ENOTCONN.
    if (statfsSync(`${lxcfs}/${lxcfsProof}`).type === fuse) return [];
  } catch {
    // Not there.
  }
  return [{ step: lxcfsStepId, kind: 'tool', message: `LXCFS is not mounted on ${lxcfs}; ${lxcfsRemedy}.` }];
}
