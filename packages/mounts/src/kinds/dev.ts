/** dev: a small /dev with the devices that every program expects and no hardware. */
import { flags, slot, syscall, type Operation } from '@haco/plan';
import { AT_FDCWD, makedev, mode, openTreeFlags } from '../constants.js';
import { planFilesystem } from '../filesystem.js';
import { isDevice, planStat } from '../stat.js';
import type { Situation } from '../situation.js';
import { planAttach, planAttachIn, type Target } from '../target.js';
import { planDevpts } from './devpts.js';
import type { IndependentKind } from './kind.js';
import { planMqueue } from './mqueue.js';
import { planShm } from './shm.js';
import { standardDevices, standardLinks } from './standard-dev.js';

const directory = 'mounts.dev';

/** Sources are opened before anything hides the host's /dev. */
function planSources(): readonly Operation[] {
  const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return standardDevices.flatMap(([name, major, minor]) => {
    const save = `mounts.dev.${name}`;
    return [
      syscall('open_tree', [AT_FDCWD, `/dev/${name}`, clone], { save }),
      planStat(slot(save), '', save),
      ...isDevice(save, major, minor),
    ];
  });
}

function planNodes(situation: Situation): readonly Operation[] {
  if (situation.makesDevices) {
    return standardDevices.map(([name, major, minor]) =>
      syscall('mknodat', [slot(directory), name, mode(0o666, 'S_IFCHR'), makedev(major, minor)]),
    );
  }
  return standardDevices.map(([name]) => syscall('mknodat', [slot(directory), name, mode(0o666, 'S_IFREG'), 0]));
}

function planBinds(situation: Situation): readonly Operation[] {
  if (situation.makesDevices) return [];
  return standardDevices.flatMap(([name]) => planAttachIn(situation, `mounts.dev.${name}`, directory, name));
}

/** The queues of an ipc namespace that isn't the container's are none of its business. */
function hasQueues(situation: Situation): boolean {
  return situation.has('ipc');
}

function plan(situation: Situation, target: Target): readonly Operation[] {
  const below: readonly (readonly [string, readonly Operation[]])[] = [
    ['pts', planDevpts(situation, 'mounts.new')],
    ['shm', planShm('mounts.new')],
    ...(hasQueues(situation) ? [['mqueue', planMqueue('mounts.new')] as const] : []),
  ];
  return [
    ...(situation.makesDevices ? [] : planSources()),
    ...planFilesystem({
      type: 'tmpfs',
      options: [
        ['mode', '0755'],
        ['size', '65536'],
      ],
      attributes: { nosuid: true, noexec: true },
      save: directory,
    }),
    ...planNodes(situation),
    ...below.map(([name]) => syscall('mkdirat', [slot(directory), name, mode(0o755)])),
    ...standardLinks.map(([to, name]) => syscall('symlinkat', [to, slot(directory), name])),
    ...planAttach(situation, directory, target),
    ...planBinds(situation),
    ...below.flatMap(([name, make]) => [...make, ...planAttachIn(situation, 'mounts.new', directory, name)]),
  ];
}

export const dev: IndependentKind = {
  target: '/dev',
  what: 'a new /dev with null, zero, full, random, urandom, tty, pts and shm',
  why: 'programs expect these devices, and no other device of the host should be within reach',
  source: 'null(4)',
  throwAway: true,
  plan,
  needs: (situation) => (situation.makesDevices ? [{ capability: 'mknod', over: 'host' }] : []),
};
