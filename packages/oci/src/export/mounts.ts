/** `mounts`: what is mounted where. */
import type {
  BindEntry,
  FilesystemEntry,
  IndependentEntry,
  IndependentName,
  MountAttributes,
  MountEntry,
  TmpfsEntry,
} from '@haco/mounts';
import type { Config } from '../import/schema.js';
import { devMount, mqueueMount, ptsMount, shmMount } from '../dev-mounts.js';
import type { Export } from './export.js';

type Mount = NonNullable<Config['mounts']>[number];

export function exportMounts(from: Export): readonly Mount[] {
  const { rootfs: _root, entry: _entry, readonly: _readonly, idmap, entries, ...rest } = from.sections.mounts;
  const { readonlyPaths: _paths, masked: _masked, propagation: _prop, stubs: _stubs, lxcfs, ...unknown } = rest;
  from.nothingElse('mounts', unknown);
  if (idmap !== undefined) from.missing('mounts.idmap', 'a configuration has no way to map the owners of a root');
  if (lxcfs !== undefined)
    from.missing('mounts.lxcfs', 'a runtime binds no files that may be missing; mount those of LXCFS one by one');
  const targets = entries.map(targetOf);
  const mounts = entries.flatMap((entry, index) => {
    // What a later entry mounts itself, the /dev of haco need not bring.
    const later = new Set(targets.slice(index + 1));
    const made = exportEntry(entry, `mounts.entries[${String(index)}]`, from);
    return entry.kind === 'independent' ? made.filter(({ destination }) => !later.has(destination)) : made;
  });
  if (!mounts.some(({ destination }) => destination === '/dev')) {
    const what = 'a runtime makes the devices that every container has in the /dev of the root';
    from.missing('mounts.entries', `${what}, where this container has no mount`);
  }
  return mounts;
}

function exportEntry(entry: MountEntry, at: string, from: Export): readonly Mount[] {
  switch (entry.kind) {
    case 'bind':
      return [exportBind(entry, at, from)];
    case 'filesystem':
      return [exportFilesystem(entry)];
    case 'tmpfs':
      return [exportTmpfs(entry)];
    case 'independent':
      return independent[entry.name](entry, from);
    case 'network-etc':
      return ['resolv.conf', 'hosts'].map((file) => ({
        destination: `/etc/${file}`,
        type: 'bind',
        source: `${entry.hostEtc.replace(/\/+$/, '')}/${file}`,
        options: ['bind', 'ro', 'private'],
      }));
    case 'nodes':
      // In `linux.devices`.
      return [];
    case 'file':
      from.missing(at, 'a configuration holds no files; mount one of the host');
      return [];
    case 'overlay':
      from.missing(at, 'a runtime makes no throw-away layers; what is written there stays');
      return [];
  }
}

const words = [
  ['readonly', 'ro'],
  ['nosuid', 'nosuid'],
  ['nodev', 'nodev'],
  ['noexec', 'noexec'],
  ['nosymfollow', 'nosymfollow'],
  ['noatime', 'noatime'],
  ['strictatime', 'strictatime'],
  ['nodiratime', 'nodiratime'],
] as const satisfies readonly (readonly [keyof MountAttributes, string])[];

function attributesOf(entry: MountAttributes): readonly string[] {
  return words.flatMap(([name, word]) => (entry[name] === true ? [word] : []));
}

function exportBind(entry: BindEntry, at: string, from: Export): Mount {
  const { source, target, recursive = true, propagation = 'private', idmap } = entry;
  const below = recursive ? 'r' : '';
  if (idmap !== undefined && idmap !== 'container') {
    from.missing(`${at}.idmap`, 'a configuration has the ids themselves, not a namespace that has them');
  }
  return {
    destination: target,
    type: 'bind',
    source,
    options: [
      `${below}bind`,
      // With the mounts below, as haco does; without the r it would be the topmost one only.
      ...attributesOf(entry).map((word) => `${below}${word}`),
      ...(idmap === 'container' ? [`${below}idmap`] : []),
      // Said in any case: what is the default is up to the runtime.
      `${below}${propagation}`,
    ],
  };
}

function exportFilesystem(entry: FilesystemEntry): Mount {
  const { type, source, target, data = '', propagation } = entry;
  const options = [
    ...attributesOf(entry),
    ...(propagation === undefined ? [] : [propagation]),
    ...data.split(',').filter((option) => option !== ''),
  ];
  return {
    destination: target,
    type,
    ...(source === '' ? {} : { source }),
    ...(options.length === 0 ? {} : { options }),
  };
}

function exportTmpfs(entry: TmpfsEntry): Mount {
  const { target, size, mode } = entry;
  const options = [
    ...attributesOf(entry),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8).padStart(4, '0')}`]),
    ...(size === undefined ? [] : [`size=${String(size)}`]),
  ];
  return { destination: target, type: 'tmpfs', source: 'tmpfs', ...(options.length === 0 ? {} : { options }) };
}

/** In a user namespace of somebody else nobody knows. */
function hasGroup({ facts: { idMap, entered } }: Export): (gid: number) => boolean {
  return (gid) =>
    idMap?.gid.some(({ inside, count }) => gid >= inside && gid < inside + count) ?? !entered.includes('user');
}

function hasQueues({ facts: { unshared, entered } }: Export): boolean {
  return unshared.includes('ipc') || entered.includes('ipc');
}

/** As the kinds in `@haco/mounts` mount them. */
const independent: Readonly<Record<IndependentName, (entry: IndependentEntry, from: Export) => readonly Mount[]>> = {
  procfs: ({ subset, hidepid }) => [
    {
      destination: '/proc',
      type: 'proc',
      source: 'proc',
      options: [
        'nosuid',
        'nodev',
        'noexec',
        ...(subset === undefined ? [] : [`subset=${subset}`]),
        ...(hidepid === undefined ? [] : [`hidepid=${hidepid}`]),
      ],
    },
  ],
  sysfs: () => [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro', 'nosuid', 'nodev', 'noexec'] }],
  dev: (_entry, from) => [devMount, ptsMount(hasGroup(from)), shmMount, ...(hasQueues(from) ? [mqueueMount] : [])],
  devtmpfs: () => [{ destination: '/dev', type: 'devtmpfs', source: 'devtmpfs', options: ['nosuid', 'noexec'] }],
  devpts: (_entry, from) => [ptsMount(hasGroup(from))],
  shm: () => [shmMount],
  mqueue: () => [mqueueMount],
  cgroup: ({ writable }) => [
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...(writable === true ? [] : ['ro']), 'nosuid', 'nodev', 'noexec'],
    },
  ],
};

const independentTargets: Readonly<Record<IndependentName, string>> = {
  procfs: '/proc',
  sysfs: '/sys',
  dev: '/dev',
  devtmpfs: '/dev',
  devpts: '/dev/pts',
  shm: '/dev/shm',
  mqueue: '/dev/mqueue',
  cgroup: '/sys/fs/cgroup',
};

function targetOf(entry: MountEntry): string | undefined {
  if (entry.kind === 'network-etc' || entry.kind === 'nodes') return undefined;
  return entry.kind === 'independent' ? independentTargets[entry.name] : entry.target;
}
