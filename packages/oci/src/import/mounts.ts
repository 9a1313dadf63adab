/** `mounts`: what is mounted where. */
import { quote } from '@haco/core';
import type { Import } from './import.js';
import { readMountOptions, type MountWords } from './mount-options.js';
import { pathOf } from './root.js';
import { saysNothing, type Config } from './schema.js';

type Mount = NonNullable<Config['mounts']>[number];

export function importMounts({ mounts = [], linux = {} }: Config, bundle: string | undefined, into: Import): void {
  const entries: object[] = [];
  let hasDev = false;
  mounts.forEach((mount, index) => {
    const at = `mounts[${String(index)}]`;
    const entry = importMount(mount, { at, bundle, into });
    if (entry === undefined) return;
    hasDev ||= mount.destination === '/dev';
    into.cameFrom(`mounts.entries[${String(entries.length)}]`, at);
    entries.push(entry);
  });
  into.set('mounts', 'entries', entries, 'mounts');
  if (!hasDev)
    into.differs(
      'mounts',
      'haco makes the devices that every container has only on a tmpfs at "/dev", and there is none',
    );
  (linux.devices ?? []).forEach(({ path }, index) => {
    into.differs(
      `linux.devices[${String(index)}]`,
      `haco makes no devices but those that every container has, not ${quote(path)}`,
    );
  });
}

interface Place {
  readonly at: string;
  readonly bundle: string | undefined;
  readonly into: Import;
}

function importMount(mount: Mount, place: Place): object | undefined {
  const { at, into } = place;
  const { destination, type = 'none', source = type } = mount;
  if (!destination.startsWith('/')) {
    into.wrong(`${at}.destination`, `${quote(destination)} is not an absolute path`);
    return undefined;
  }
  for (const field of ['uidMappings', 'gidMappings'] as const) {
    if (!saysNothing(mount[field])) into.differs(`${at}.${field}`, 'haco maps no owners by lists of ids');
  }
  const words = readMountOptions(mount.options ?? [], `${at}.options`, into);
  if (words.bind !== undefined || type === 'bind') return importBind(mount, words, place);
  if (words.propagation !== undefined) {
    into.differs(
      `${at}.options`,
      `${quote(words.propagation)} is only for bind mounts, other mounts of haco are private`,
    );
  }
  if (type === 'tmpfs' && destination === '/dev') return importDev(words, place);
  if (type === 'cgroup') return importCgroup(destination, words, place);
  const data = words.data.map(({ text }) => text).join(',');
  return {
    kind: 'filesystem',
    type,
    source,
    target: destination,
    ...(data === '' ? {} : { data }),
    ...words.attributes,
  };
}

function importBind(
  { source, destination }: Mount,
  words: MountWords,
  { at, bundle, into }: Place,
): object | undefined {
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
  if (recursive && words.topmost.length > 0) {
    const list = words.topmost.map(quote).join(', ');
    into.differs(
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
    ...words.attributes,
  };
}

/** haco's own: the nodes are made on it, which the specification asks of the runtime. */
function importDev({ attributes, data }: MountWords, { at, into }: Place): object {
  const given = data.map(({ text }) => text).sort();
  const { nosuid, nodev, noexec, readonly } = attributes;
  const same = nosuid && noexec && !nodev && !readonly && given.join() === 'mode=755,size=65536';
  if (!same) {
    into.differs(`${at}.options`, 'the /dev of haco is always "nosuid", "noexec", "mode=755", "size=65536"');
  }
  return { kind: 'independent', name: 'dev' };
}

function importCgroup(destination: string, { attributes }: MountWords, { at, into }: Place): object {
  const { readonly, nosuid, nodev, noexec } = attributes;
  if (!(readonly && nosuid && nodev && noexec)) {
    into.differs(`${at}.options`, 'cgroups in containers of haco are always "ro", "nosuid", "nodev", "noexec"');
  }
  if (destination !== '/sys/fs/cgroup') {
    into.differs(
      `${at}.destination`,
      `cgroups in containers of haco are at "/sys/fs/cgroup", not at ${quote(destination)}`,
    );
  }
  return { kind: 'independent', name: 'cgroup' };
}
