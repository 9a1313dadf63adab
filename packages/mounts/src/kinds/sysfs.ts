/** sysfs: the devices and the interfaces of the container's own network namespace. */
import { planFilesystem } from '../filesystem.js';
import { planAttach } from '../target.js';
import { needsOwn, uncoversNothing, type IndependentKind } from './kind.js';

export const sysfs: IndependentKind = {
  target: '/sys',
  what: 'a new sysfs',
  why: '/sys/class/net belongs to the network namespace of the process that mounts it; the rest is the kernel itself, which is why it is read-only',
  source: 'sysfs(5)',
  throwAway: false,
  plan: (situation, target) => [
    ...planFilesystem({
      type: 'sysfs',
      attributes: { readonly: true, nosuid: true, nodev: true, noexec: true },
      save: 'mounts.new',
    }),
    ...planAttach(situation, 'mounts.new', target),
  ],
  check: (situation) => [...needsOwn('net', 'sysfs')(situation), ...uncoversNothing('sysfs', '/sys')(situation)],
};
