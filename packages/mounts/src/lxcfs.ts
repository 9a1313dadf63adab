/** The files of LXCFS over those of the container's own procfs: what limits allow, in place of what the host has. */
import { flags, slot, syscall, type Operation, type Step } from '@haco/plan';
import { planAttributes } from './attributes.js';
import { AT_FDCWD, moveMountFlags, openTreeFlags } from './constants.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';
import { planFind } from './target.js';

/** Where Debian's service mounts it. */
export const defaultLxcfsRoot = '/var/lib/lxcfs';

/** The step that fails when LXCFS isn't there. */
export const lxcfsStepId = 'mounts.lxcfs';

/** Every LXCFS has it: without it, none is mounted there. */
export const lxcfsProof = 'proc/meminfo';

/** What mends it, in the words of every message about it. */
export const lxcfsRemedy =
  'install it with "apt-get install lxcfs" and start it with "systemctl start lxcfs" or "lxcfs <directory>", or name the directory where it is mounted, or leave out lxcfs()';

/** What else a version of LXCFS may bring. */
const others = [
  'proc/cpuinfo',
  'proc/diskstats',
  'proc/loadavg',
  'proc/stat',
  'proc/swaps',
  'proc/uptime',
  'sys/devices/system/cpu',
] as const;

const attributes = { readonly: true, nosuid: true, nodev: true, noexec: true };
const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');

/** Bind one of them on its namesake, where the container has that. */
function planOne(situation: Situation, root: string, path: string, optional: boolean): readonly Operation[] {
  const mount = 'mounts.new';
  const place = 'mounts.target';
  const rest = [
    // The whole filesystem is the host's: what can be written into on an older kernel is only what LXCFS allows, nothing.
    ...(situation.host.features.mount_setattr ? planAttributes({ mount, attributes, recursive: false }) : []),
    syscall('move_mount', [
      slot(mount),
      '',
      slot(place),
      '',
      flags(moveMountFlags, 'MOVE_MOUNT_F_EMPTY_PATH', 'MOVE_MOUNT_T_EMPTY_PATH'),
    ]),
  ];
  const open = syscall('open_tree', [AT_FDCWD, `${root}/${path}`, clone], {
    save: mount,
    ...(optional ? { tolerate: ['ENOENT'], skipOnTolerated: rest.length } : {}),
  });
  return [planFind(situation, `/${path}`, place, { skip: rest.length + 1 }), open, ...rest];
}

/** The step; after all mounts, so that a procfs or sysfs that is asked for later doesn't cover them. */
export function planLxcfs({ lxcfs }: MountsSection, situation: Situation): readonly Step[] {
  if (lxcfs === undefined) return [];
  const root = lxcfs.replace(/(.)\/+$/, '$1');
  return [
    {
      id: lxcfsStepId,
      phase: 'mounts',
      label: `bind what LXCFS shows in ${root} on its namesakes in /proc and /sys, read-only`,
      why: "the kernel's own files tell of the whole host; programs that size their caches and threads by them would ask for more than the limits allow",
      operations: [
        ...planOne(situation, root, lxcfsProof, false),
        ...others.flatMap((path) => planOne(situation, root, path, true)),
      ],
      from: 'mounts.lxcfs',
      needs: [situation.mayMount],
      requires: ['open_tree', 'openat2'],
      source: 'lxcfs(1)',
    },
  ];
}
