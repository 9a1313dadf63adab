/** `mounts`: what is mounted where. */
import { quote } from '@haco/core';
import { defaultLinks, defaultNodes } from '../default-devices.js';
import { devMount, mqueueMount, ptsMount, shmMount } from '../dev-mounts.js';
import type { Import } from './import.js';
import { importMountMaps } from './mount-maps.js';
import { readMountOptions, type MountWords } from './mount-options.js';
import { pathOf } from './root.js';
import { saysNothing, type Config } from './schema.js';

type Linux = NonNullable<Config['linux']>;
type Mount = NonNullable<Config['mounts']>[number];

export function importMounts({ mounts = [], linux = {} }: Config, bundle: string | undefined, into: Import): void {
  const entries: object[] = [];
  let hasDev = false;
  const whole = hasWholeDev(mounts, linux);
  const brought = new Set(whole ? broughtByDev(mounts, linux) : []);
  mounts.forEach((mount, index) => {
    if (brought.has(mount)) return;
    const at = `mounts[${String(index)}]`;
    const entry = importMount(mount, { at, bundle, into, whole, linux, index: entries.length });
    if (entry === undefined) return;
    hasDev ||= mount.destination === '/dev';
    into.cameFrom(`mounts.entries[${String(entries.length)}]`, at);
    entries.push(entry);
  });
  // What is bound to /dev has the devices of its owner, who wants no others in it.
  const isBound = mounts.findLast(({ destination }) => destination === '/dev')?.type !== 'tmpfs' && hasDev;
  if (isBound && (linux.devices ?? []).length > 0) {
    into.slight('linux.devices', 'devices are not made in a directory of the host, as "/dev" is one here');
  }
  if (!isBound && (!whole || (!hasDev && (into.stubs || (linux.devices ?? []).length > 0)))) {
    into.cameFrom(`mounts.entries[${String(entries.length)}]`, 'linux.devices');
    entries.push(importNodes(linux, hasDev || into.stubs));
  }
  into.set('mounts', 'entries', entries, 'mounts');
  if (!hasDev && into.stubs !== true)
    into.differs(
      'mounts',
      'haco makes the devices that every container has only on a tmpfs at "/dev", and there is none',
    );
}

/** Whether the `/dev` is just what haco's own is, so that one word says all of it. */
function hasWholeDev(mounts: readonly Mount[], { devices = [] }: Linux): boolean {
  const dev = mounts.filter(({ destination }) => destination === '/dev');
  const [only] = dev;
  return devices.length === 0 && (only === undefined || (dev.length === 1 && isSame(only, devMount)));
}

/** Devices in the order of the list, then those of every container that it doesn't name. */
function importNodes({ devices = [] }: Linux, withDefaults: boolean): object {
  const listed = devices.map(({ path, type, major = 0, minor = 0, fileMode, uid, gid }) => ({
    path: normalize(path),
    type: type === 'u' ? 'c' : type,
    major,
    minor,
    // Types are in the upper bits where a program has copied what stat(2) says.
    ...(fileMode === undefined ? {} : { mode: fileMode & 0o7777 }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  }));
  const others = defaultNodes.filter(({ path }) => !listed.some((one) => one.path === path));
  // Without a /dev of the container's own, that of the root has whatever it has, where nothing may be made in it.
  return {
    kind: 'nodes',
    devices: [...listed, ...(withDefaults ? others : [])],
    links: withDefaults ? defaultLinks : [],
  };
}

function normalize(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** Mounts that haco's own /dev brings just so. */
function broughtByDev(mounts: readonly Mount[], { namespaces = [], gidMappings }: Linux): readonly Mount[] {
  const first = mounts.findIndex(({ destination, type }) => destination === '/dev' && type === 'tmpfs');
  if (first === -1) return [];
  const has = (kind: string): boolean => namespaces.some(({ type }) => type === kind);
  const hasGroup = (gid: number): boolean =>
    !has('user') || (gidMappings ?? []).some(({ containerID, size }) => gid >= containerID && gid < containerID + size);
  const own = [ptsMount(hasGroup), shmMount, ...(has('ipc') ? [mqueueMount] : [])];
  return mounts.slice(first + 1).filter((mount, index, after) => {
    const same = own.find(({ destination }) => destination === mount.destination);
    // Where another comes before or after it, it is one of two.
    const alone = after.filter(({ destination }) => destination === mount.destination).length === 1;
    return alone && same !== undefined && isSame(mount, same);
  });
}

/** Whether two mounts are the same, whatever the order of their options and the unit of a size. */
function isSame(one: Mount, other: Mount): boolean {
  const words = ({ options = [] }: Mount): string =>
    options
      .map((option) => option.replace(/^size=(\d+)k$/, (_, kibibytes) => `size=${String(Number(kibibytes) * 1024)}`))
      .sort()
      .join();
  return one.type === other.type && words(one) === words(other);
}

interface Place {
  readonly at: string;
  readonly bundle: string | undefined;
  readonly into: Import;
  /** The number that it gets in the spec. */
  readonly index: number;
  readonly linux: Linux;
  /** Whether haco's own /dev stands for the mount there. */
  readonly whole: boolean;
}

function importMount(mount: Mount, place: Place): object | undefined {
  const { at, into } = place;
  const { destination, type = 'none', source = type } = mount;
  if (!destination.startsWith('/')) {
    into.wrong(`${at}.destination`, `${quote(destination)} is not an absolute path`);
    return undefined;
  }
  const words = readMountOptions(mount.options ?? [], `${at}.options`, into);
  const copiesUp = importCopyUp(words, mount, place);
  if (words.bind !== undefined || type === 'bind') return importBind(mount, words, place);
  if (words.idmap !== undefined) into.differs(`${at}.options`, 'only bind mounts of haco are idmapped');
  for (const field of ['uidMappings', 'gidMappings'] as const) {
    if (!saysNothing(mount[field])) into.differs(`${at}.${field}`, 'only bind mounts of haco are idmapped');
  }
  if (type === 'tmpfs' && destination === '/dev' && place.whole) return { kind: 'independent', name: 'dev' };
  if (type === 'cgroup') return importCgroup(destination, words, place);
  const data = words.data.map(({ text }) => text).join(',');
  return {
    kind: 'filesystem',
    type,
    source,
    target: destination,
    ...(data === '' ? {} : { data }),
    ...(words.propagation === undefined ? {} : { propagation: words.propagation }),
    ...words.attributes,
    // The copy comes before that.
    ...(copiesUp ? { readonly: false } : {}),
  };
}

/** Whether it begins with a copy of what is there. */
function importCopyUp({ copyUp, attributes }: MountWords, { destination, type }: Mount, place: Place): boolean {
  if (copyUp === undefined) return false;
  const { at, into, index } = place;
  const path = `${at}.options[${String(copyUp)}]`;
  if (type !== 'tmpfs') {
    into.wrong(path, '"tmpcopyup" fills a tmpfs, and this is none');
    return false;
  }
  // Whoever performs the plan of a runtime has the copy made at the right moment; a builder has no such moment.
  into.slight(path, 'haco has no word for "tmpcopyup"');
  into.copyUps.push({ entry: index, target: destination, readonly: attributes.readonly === true });
  return into.stubs;
}

function importBind(mount: Mount, words: MountWords, place: Place): object | undefined {
  const { source, destination } = mount;
  const { at, bundle, into } = place;
  for (const { text, index } of words.data) {
    into.wrong(`${at}.options[${String(index)}]`, `${quote(text)} is no option of a bind mount`);
  }
  if (source === undefined) {
    into.wrong(`${at}.source`, 'must be the path of what is bound');
    return undefined;
  }
  const path = pathOf(source, bundle, `${at}.source`, into);
  if (path === undefined) return undefined;
  const recursive = words.bind === 'rbind';
  const hasLists = !saysNothing(mount.uidMappings) || !saysNothing(mount.gidMappings);
  const idmap = hasLists ? importMountMaps(mount, place.linux, place) : words.idmap && 'container';
  const topmost = [...words.topmost, ...(words.idmap === 'idmap' ? ['idmap'] : [])];
  if (recursive && topmost.length > 0) {
    const list = topmost.map(quote).join(', ');
    into.slight(
      `${at}.options`,
      `with "rbind", ${list} would hold for the topmost mount only, and holds for those below it too in haco`,
    );
  }
  return {
    kind: 'bind',
    source: path,
    target: destination,
    recursive,
    ...(words.propagation === undefined ? {} : { propagation: words.propagation }),
    ...(idmap === undefined ? {} : { idmap }),
    ...words.attributes,
  };
}

function importCgroup(destination: string, { attributes }: MountWords, { at, into }: Place): object {
  const { readonly, nosuid, nodev, noexec } = attributes;
  if (!(readonly && nosuid && nodev && noexec)) {
    into.slight(`${at}.options`, 'cgroups in containers of haco are always "ro", "nosuid", "nodev", "noexec"');
  }
  // Engines leave out "ro" for what is privileged, and is to make groups below its own.
  const writable = into.stubs && readonly !== true;
  if (destination !== '/sys/fs/cgroup') {
    into.differs(
      `${at}.destination`,
      `cgroups in containers of haco are at "/sys/fs/cgroup", not at ${quote(destination)}`,
    );
  }
  return { kind: 'independent', name: 'cgroup', ...(writable ? { writable } : {}) };
}
