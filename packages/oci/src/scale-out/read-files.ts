/** The file tree of a spec as engines mount it: their own /proc, /dev and /sys, and what is bound besides. */
import { dockerMaskedPaths, dockerReadonlyPaths } from '@haco/core';
import type { IndependentName, MountEntry } from '@haco/mounts';
import { defaultLinks, isDefaultNode } from '../default-devices.js';
import type { Sections } from '../export/sections.js';
import type { Missing } from './report.js';
import type { Placed, Service } from './service.js';

type Files = Pick<Service, 'binds' | 'tmpfs' | 'masked' | 'readonlyRoot'>;
/** What every engine mounts unasked. */
const mountedByAll: ReadonlySet<IndependentName> = new Set<IndependentName>([
  'procfs',
  'sysfs',
  'dev',
  'devpts',
  'shm',
  'mqueue',
  'cgroup',
]);

/** Mounts; what engines have no word for is told. */
export function readFiles({ mounts, provision }: Sections, missing: Missing): Files {
  const { entry, idmap, lxcfs, propagation, readonlyPaths = [], masked = [] } = mounts;
  if (entry === 'chroot') missing('mounts.entry', 'how the root is entered is up to the engine');
  if (idmap !== undefined) missing('mounts.idmap', 'the owners of an image’s files are up to the engine');
  if (lxcfs !== undefined) missing('mounts.lxcfs', 'bind the files of LXCFS one by one');
  if (propagation === 'slave') missing('mounts.propagation', 'engines say that of single mounts only');
  readRoot(mounts, missing);
  provision.steps.forEach((_, index) => {
    missing(
      `provision.steps[${String(index)}]`,
      'the image must have this in it, as one of a root that create() has made',
    );
  });
  readonlyPaths.forEach((path, index) => {
    if (dockerReadonlyPaths.includes(path)) return;
    missing(`mounts.readonlyPaths[${String(index)}]`, 'engines have a list of their own');
  });
  const placed = mounts.entries.map((one, index): Placed<MountEntry> => {
    return { entry: one, from: `mounts.entries[${String(index)}]` };
  });
  for (const one of placed) reportEntry(one, missing);
  return {
    readonlyRoot: mounts.readonly === true,
    binds: placed.flatMap(({ entry: one, from }) => (one.kind === 'bind' ? [{ entry: one, from }] : [])),
    tmpfs: placed.flatMap(({ entry: one, from }) => (one.kind === 'tmpfs' ? [{ entry: one, from }] : [])),
    masked: masked.flatMap((path, index) =>
      dockerMaskedPaths.includes(path) ? [] : [{ entry: path, from: `mounts.masked[${String(index)}]` }],
    ),
  };
}

/** The image stands for the root; a layer of its own every container of an engine has, and it goes with the container. */
function readRoot(mounts: Sections['mounts'], missing: Missing): void {
  const { keep, size } = mounts.rootfs !== undefined && 'overlay' in mounts.rootfs ? mounts.rootfs.overlay : {};
  if (keep !== undefined) missing('mounts.rootfs.overlay.keep', 'what is written goes with the container of an engine');
  if (size !== undefined)
    missing('mounts.rootfs.overlay.size', 'how much may be written is up to the engine’s storage');
}

function reportEntry({ entry, from }: Placed<MountEntry>, missing: Missing): void {
  switch (entry.kind) {
    case 'bind':
      if (entry.idmap !== undefined) missing(`${from}.idmap`, 'engines map no owners of single mounts');
      return;
    case 'tmpfs':
    case 'network-etc':
      // The second: engines write resolv.conf and hosts into every container.
      return;
    case 'filesystem':
      missing(from, `engines mount no ${entry.type} by its type`);
      return;
    case 'independent':
      if (!mountedByAll.has(entry.name)) missing(from, 'engines give no container all devices of the machine');
      for (const option of ['subset', 'hidepid'] as const) {
        if (entry[option] !== undefined) missing(`${from}.${option}`, 'engines mount /proc without options');
      }
      return;
    case 'nodes':
      entry.devices.forEach((node, index) => {
        if (!isDefaultNode(node))
          missing(`${from}.devices[${String(index)}]`, 'engines name devices by paths of the machine');
      });
      (entry.links ?? []).forEach(([path, to], index) => {
        if (defaultLinks.some(([known, leads]) => known === path && leads === to)) return;
        missing(`${from}.links[${String(index)}]`, 'engines make no links but their own');
      });
      return;
    case 'file':
      missing(from, 'the file must be in the image, or be bound from the machine');
      return;
    case 'overlay':
      missing(from, 'engines lay nothing over single directories');
      return;
  }
}
