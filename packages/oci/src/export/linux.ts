/** `linux`: namespaces, maps, clocks, restricted paths and the filter. */
import { combineProfiles, decideProfile, profilesOf, type SeccompProfile } from '@haco/confine';
import type { HacoError, NamespaceKind } from '@haco/core';
import type { Entered } from '@haco/namespaces';
import { ok, type Result } from 'neverthrow';
import type { Config } from '../import/schema.js';
import type { Export } from './export.js';
import { exportNodes } from './nodes.js';
import { exportResources } from './resources.js';
import { exportPersonality } from './scheduling.js';

type Linux = NonNullable<Config['linux']>;
type Namespace = NonNullable<Linux['namespaces']>[number];

export function exportLinux(from: Export): Result<Linux, HacoError> {
  return exportSeccomp(from).map((seccomp) => {
    const { readonlyPaths = [], masked = [] } = from.sections.mounts;
    const cgroupsPath = exportGroup(from);
    const { sysctls = {} } = from.sections.namespaces;
    const { propagation } = from.sections.mounts;
    return {
      namespaces: exportNamespaces(from),
      ...exportMaps(from),
      ...exportTimeOffsets(from),
      ...(cgroupsPath === undefined ? {} : { cgroupsPath }),
      resources: exportResources(from),
      ...exportNodes(from),
      ...(Object.keys(sysctls).length === 0 ? {} : { sysctl: sysctls }),
      ...(propagation === 'slave' ? { rootfsPropagation: 'rslave' } : {}),
      ...exportPersonality(from),
      ...(seccomp === undefined ? {} : { seccomp }),
      ...(masked.length === 0 ? {} : { maskedPaths: masked }),
      ...(readonlyPaths.length === 0 ? {} : { readonlyPaths }),
    };
  });
}

/** The specification has one word of its own. */
function typeOf(kind: NamespaceKind): Namespace['type'] {
  return kind === 'net' ? 'network' : kind;
}

function pathOf(entered: Entered): string {
  return 'path' in entered ? entered.path : `/proc/${String(entered.pid)}/ns/${fileOf(entered.kind)}`;
}

function fileOf(kind: NamespaceKind): string {
  return kind === 'mount' ? 'mnt' : kind;
}

function exportNamespaces(from: Export): readonly Namespace[] {
  const { namespaces, network } = from.sections;
  const { unshare, enter, persist, hostname: _host, domainname: _domain, ...rest } = namespaces;
  const { uidMap: _uids, gidMap: _gids, timeOffsets: _offsets, sysctls: _sysctls, ...unknown } = rest;
  from.nothingElse('namespaces', unknown);
  const { mode, ports, dns, ...other } = network;
  from.nothingElse('network', other);
  persist.forEach((_, index) => {
    from.missing(`namespaces.persist[${String(index)}]`, 'a runtime keeps no namespaces; bind /proc/PID/ns/… yourself');
  });
  if (mode !== undefined && !['none', 'host', 'join'].includes(mode.kind)) {
    from.missing(
      'network.mode',
      'a runtime makes no networks; the container is written with nothing but a loopback device',
    );
  }
  if (ports.length > 0) from.missing('network.ports', 'a runtime publishes no ports');
  if (dns !== undefined) from.missing('network.dns', 'a runtime writes no resolv.conf');
  const wanted = from.facts.wantedNamespaces ?? { unshare: [], enter: [] };
  return [
    ...[...new Set([...unshare, ...wanted.unshare])].map((kind) => ({ type: typeOf(kind) })),
    ...[...enter, ...wanted.enter].map((entered) => ({ type: typeOf(entered.kind), path: pathOf(entered) })),
  ];
}

/** On this host: a word such as `auto` is what it means here. */
function exportMaps({ facts: { idMap } }: Export): Pick<Linux, 'uidMappings' | 'gidMappings'> {
  if (idMap === undefined) return {};
  const lines = (ranges: typeof idMap.uid): NonNullable<Linux['uidMappings']> =>
    ranges.map(({ inside, outside, count }) => ({ containerID: inside, hostID: outside, size: count }));
  return { uidMappings: lines(idMap.uid), gidMappings: lines(idMap.gid) };
}

function exportTimeOffsets({ sections }: Export): Pick<Linux, 'timeOffsets'> {
  const { monotonicMs = 0, boottimeMs = 0 } = sections.namespaces.timeOffsets ?? {};
  const clocks = Object.entries({ monotonic: monotonicMs, boottime: boottimeMs }).filter(([, ms]) => ms !== 0);
  if (clocks.length === 0) return {};
  // Nanoseconds are never negative, so seconds are rounded down.
  const parts = clocks.map(([clock, ms]) => {
    const secs = Math.floor(ms / 1000);
    const nanosecs = (ms - secs * 1000) * 1_000_000;
    return [clock, nanosecs === 0 ? { secs } : { secs, nanosecs }] as const;
  });
  return { timeOffsets: Object.fromEntries(parts) };
}

/** Relative, as haco's groups are: to the group of whoever starts it. */
function exportGroup(from: Export): string | undefined {
  const { cgroups, identity } = from.sections;
  if (cgroups.path !== undefined) return cgroups.path;
  if (cgroups.parent === undefined) return undefined;
  if (identity.name !== undefined) return `${cgroups.parent}/haco/${identity.name}`;
  from.missing('cgroups.parent', 'a path names the group itself; give the container a name()');
  return undefined;
}

function exportSeccomp(from: Export): Result<SeccompProfile | undefined, HacoError> {
  const { filters = [], answered = [], learn: _learn, asking: _asking, ...rest } = from.sections.seccomp;
  from.nothingElse('seccomp', rest);
  answered.forEach(({ name }, index) => {
    const instead = 'a runtime hands them to a socket';
    from.missing(`seccomp.answered[${String(index)}]`, `functions of Node can't answer ${name} there; ${instead}`);
  });
  const { arch, kernel } = from.host;
  const context = { arch: arch === 'arm64' ? arch : 'x64', kernel, boundingSet: from.facts.boundingSet } as const;
  return filters
    .reduce<Result<readonly SeccompProfile[], HacoError>>(
      (all, filter) => all.andThen((before) => profilesOf(filter).map((profiles) => [...before, ...profiles])),
      ok([]),
    )
    .map((profiles) => {
      const decided = profiles.map((profile) => decideProfile(profile, context));
      const combined = combineProfiles(decided);
      if (combined !== undefined || decided.length === 0) return combined;
      const written = 'the last one is written, and what only the others refuse is let through';
      const several = `a container has one filter there, and these ${String(decided.length)} can't be one`;
      from.missing('seccomp.filters', `${several}; ${written}`);
      return decided.at(-1);
    });
}
