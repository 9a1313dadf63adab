/** devpts: pseudo-terminals of the container's own. */
import type { Operation } from '@haco/plan';
import { planFilesystem } from '../filesystem.js';
import type { Situation } from '../situation.js';
import { planAttach } from '../target.js';
import type { IndependentKind } from './kind.js';

/** The group `tty`, which write(1) and wall(1) need on a terminal. */
const ttyGroup = 5;

/** A new instance, not attached yet. */
export function planDevpts(situation: Situation, save: string): readonly Operation[] {
  return planFilesystem({
    type: 'devpts',
    options: [
      // Without it, kernels before 4.7 would show the host's terminals; later ones ignore it.
      ['newinstance', true],
      ['ptmxmode', '0666'],
      ['mode', '0620'],
      ...(situation.hasGroup(ttyGroup) === true ? [['gid', String(ttyGroup)] as const] : []),
    ],
    attributes: { nosuid: true, noexec: true },
    save,
  });
}

export const devpts: IndependentKind = {
  target: '/dev/pts',
  what: 'a new devpts',
  why: 'terminals opened inside must not be those of the host, and their names in /dev/pts must exist inside',
  source: 'pts(4)',
  throwAway: false,
  plan: (situation, target) => [...planDevpts(situation, 'mounts.new'), ...planAttach(situation, 'mounts.new', target)],
};
