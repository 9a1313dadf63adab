/** `linux`: namespaces, maps, filters, and what haco doesn't have. */
import { isSyscallName, parseProfile } from '@haco/confine';
import { quote } from '@haco/core';
import type { Import } from './import.js';
import { saysNothing, type Config } from './schema.js';
import { ownWord } from './scheduling-words.js';

type Linux = NonNullable<Config['linux']>;

export function importLinux({ linux = {}, hostname = '' }: Config, into: Import): void {
  importNamespaces(linux, into);
  importMaps(linux, into);
  importTimeOffsets(linux, into);
  if (linux.seccomp !== undefined) importSeccomp(linux.seccomp, into);
  const { rootfsPropagation = '', cgroupsPath = '', mountLabel = '' } = linux;
  if (['slave', 'rslave'].includes(rootfsPropagation)) {
    into.set('mounts', 'propagation', 'slave', 'linux.rootfsPropagation');
  } else if (!['', 'private', 'rprivate'].includes(rootfsPropagation)) {
    const later = ['shared', 'rshared', 'unbindable', 'runbindable'].includes(rootfsPropagation);
    // Of these the runtime has a step of its own.
    into[later ? 'slight' : 'differs'](
      'linux.rootfsPropagation',
      `the tree of a container is "rprivate" or "rslave" in haco, not ${quote(rootfsPropagation)}`,
    );
  }
  const own = /^(.+)\/haco\/([^/]+)$/.exec(cgroupsPath);
  if (own !== null && !cgroupsPath.startsWith('/') && !cgroupsPath.includes(':')) {
    into.set('cgroups', 'parent', own[1], 'linux.cgroupsPath');
    into.set('identity', 'name', own[2], 'linux.cgroupsPath');
  } else if (cgroupsPath.startsWith('/')) {
    into.set('cgroups', 'path', normalizePath(cgroupsPath), 'linux.cgroupsPath');
  } else if (cgroupsPath !== '') {
    into.differs('linux.cgroupsPath', 'haco makes the group below "haco", by the name of the container');
  }
  // Of this the runtime has operations of its own.
  if (mountLabel !== '') into.slight('linux.mountLabel', 'haco has no word for it');
  if (linux.sysctl !== undefined && Object.keys(linux.sysctl).length > 0) {
    into.set('namespaces', 'sysctls', linux.sysctl, 'linux.sysctl');
    if (
      hostname !== '' &&
      ['kernel.hostname', 'kernel/hostname'].some((name) => Object.hasOwn(linux.sysctl ?? {}, name))
    ) {
      into.wrong(
        'linux.sysctl["kernel.hostname"]',
        `says the same as "hostname", which is ${quote(hostname)}; keep one of them`,
      );
    }
    for (const name of Object.keys(linux.sysctl)) {
      const at = `[${JSON.stringify(name)}]`;
      into.cameFrom(`namespaces.sysctls${at}`, `linux.sysctl${at}`);
    }
  }
  if (linux.personality !== undefined) importPersonality(linux.personality, into);
  for (const name of ['intelRdt', 'memoryPolicy'] as const) {
    if (!saysNothing(linux[name])) into.differs(`linux.${name}`, 'haco has no word for it');
  }
  // An empty entry moves a device, too: under its own name.
  if (Object.keys(linux.netDevices ?? {}).length > 0) into.differs('linux.netDevices', 'haco has no word for it');
}

function importPersonality({ domain, flags = [] }: NonNullable<Linux['personality']>, into: Import): void {
  into.set('process', 'personality', ownWord(domain), 'linux.personality.domain');
  if (flags.length > 0) into.slight('linux.personality.flags', 'the specification names no flag, and haco sets none');
}

/** `/a//b/` is `/a/b`. */
function normalizePath(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

function importNamespaces({ namespaces = [] }: Linux, into: Import): void {
  const unshare: string[] = [];
  const enter: object[] = [];
  const seen = new Set<string>();
  namespaces.forEach(({ type, path = '' }, index) => {
    const at = `linux.namespaces[${String(index)}]`;
    if (seen.has(type)) return into.wrong(at, `${type} is there twice`);
    seen.add(type);
    if (path !== '' && !path.startsWith('/')) return into.wrong(`${at}.path`, `${quote(path)} is not an absolute path`);
    const kind = type === 'network' ? 'net' : type;
    if (path !== '') {
      into.cameFrom(`namespaces.enter[${String(enter.length)}]`, at);
      enter.push({ kind, path });
    } else if (kind === 'net') {
      // This mode unshares it, and brings its loopback device up, as runtimes do.
      into.set('network', 'mode', { kind: 'none' }, at);
      into.set('network', 'ports', [], at);
    } else {
      into.cameFrom(`namespaces.unshare[${String(unshare.length)}]`, at);
      unshare.push(kind);
    }
  });
  into.set('namespaces', 'unshare', unshare, 'linux.namespaces');
  into.set('namespaces', 'enter', enter, 'linux.namespaces');
  into.set('namespaces', 'persist', [], 'linux.namespaces');
}

function importMaps(linux: Linux, into: Import): void {
  for (const [field, mappings] of [
    ['uid', linux.uidMappings],
    ['gid', linux.gidMappings],
  ] as const) {
    if (mappings === undefined || mappings.length === 0) continue;
    const ranges = mappings.map(({ containerID, hostID, size }) => ({
      inside: containerID,
      outside: hostID,
      count: size,
    }));
    into.set('namespaces', `${field}Map`, ranges, `linux.${field}Mappings`);
    ranges.forEach((_, index) => {
      into.cameFrom(`namespaces.${field}Map[${String(index)}]`, `linux.${field}Mappings[${String(index)}]`);
    });
  }
}

function importTimeOffsets({ timeOffsets = {} }: Linux, into: Import): void {
  const offsets: Record<string, number> = {};
  for (const clock of ['monotonic', 'boottime'] as const) {
    const { secs = 0, nanosecs = 0 } = timeOffsets[clock] ?? {};
    if (nanosecs % 1_000_000 !== 0) {
      into.differs(`linux.timeOffsets.${clock}.nanosecs`, 'offsets have whole milliseconds in haco');
    }
    const ms = secs * 1000 + Math.trunc(nanosecs / 1_000_000);
    if (ms !== 0) offsets[`${clock}Ms`] = ms;
  }
  if (Object.keys(offsets).length > 0) into.set('namespaces', 'timeOffsets', offsets, 'linux.timeOffsets');
}

/** Engines write names that only later kernels have; a call that there isn't needs no rule. */
function withoutUnknownCalls(json: unknown): unknown {
  const { syscalls } = (json ?? {}) as { readonly syscalls?: unknown };
  if (!Array.isArray(syscalls)) return json;
  const isKnown = (name: unknown): boolean => typeof name !== 'string' || isSyscallName(name);
  const rules = (syscalls as readonly unknown[]).flatMap((rule) => {
    const { names } = (rule ?? {}) as { readonly names?: unknown };
    if (!Array.isArray(names) || names.every(isKnown)) return [rule];
    const known = names.filter(isKnown);
    return known.length === 0 ? [] : [{ ...(rule as object), names: known }];
  });
  return { ...(json as object), syscalls: rules };
}

function importSeccomp(json: unknown, into: Import): void {
  parseProfile(into.stubs ? withoutUnknownCalls(json) : json).match(
    (profile) => {
      into.set('seccomp', 'filters', [{ profile }], 'linux.seccomp');
    },
    (issues) => {
      for (const { path, message } of issues)
        into.wrong(path === '' ? 'linux.seccomp' : `linux.seccomp.${path}`, message);
    },
  );
}
