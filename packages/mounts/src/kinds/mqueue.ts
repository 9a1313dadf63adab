/** mqueue: POSIX message queues of the container's own ipc namespace. */
import type { Operation } from '@haco/plan';
import { planFilesystem } from '../filesystem.js';
import { planAttach } from '../target.js';
import { needsOwn, type IndependentKind } from './kind.js';

/** A new mount, not attached yet. */
export function planMqueue(save: string): readonly Operation[] {
  return planFilesystem({ type: 'mqueue', attributes: { nosuid: true, nodev: true, noexec: true }, save });
}

export const mqueue: IndependentKind = {
  target: '/dev/mqueue',
  what: 'the message queues',
  why: 'mq_open(3) works without it, but only as files they can be listed and removed; they are those of the ipc namespace',
  source: 'mq_overview(7)',
  throwAway: false,
  plan: (situation, target) => [...planMqueue('mounts.new'), ...planAttach(situation, 'mounts.new', target)],
  check: needsOwn('ipc', 'mqueue'),
};
