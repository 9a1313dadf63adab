/** From what was asked (`self`, `auto`, ranges, nothing) to the lines of both id maps, on a given host. */
import type { HostFacts, IdRange, SharedFacts, SubordinateRange } from '@haco/plan';
import type { IdMapping, NamespacesSection } from '../section.js';

/** Both maps, and who writes them: the container's process itself (`self`) or somebody outside (`ranges`). */
export type IdMap = NonNullable<SharedFacts['idMap']>;

/** All ids but the last, which means "no id" (-1). */
const everyId: SubordinateRange = { start: 0, count: 4_294_967_295 };

/** The id that owns no file; as uid and as gid. */
const nobody: IdRange = { inside: 0, outside: 65_534, count: 1 };

/** Whether the caller may write any map for a child. */
export function mayMapAnything(host: HostFacts): boolean {
  return host.capabilities.includes('setuid') && host.capabilities.includes('setgid');
}

function resolve(
  mapping: IdMapping | undefined,
  ids: { readonly own: number; readonly there: readonly SubordinateRange[] },
  subordinate: readonly SubordinateRange[],
  host: HostFacts,
): readonly IdRange[] {
  if (typeof mapping === 'object') return mapping;
  const { own: ownId, there } = ids;
  const hasNobody = there.some(({ start, count }) => nobody.outside >= start && nobody.outside < start + count);
  // Root's own id would be owner of the host's files also without any capability.
  if (mapping === 'nobody' && mayMapAnything(host) && hasNobody) return [nobody];
  if (mapping !== 'self' && mapping !== 'nobody' && mayMapAnything(host)) {
    // An id that the outer namespace doesn't have can't be mapped: EPERM.
    return there.map(({ start, count }) => ({ inside: start, outside: start, count }));
  }
  const own: IdRange = { inside: 0, outside: ownId, count: 1 };
  if (mapping !== 'auto' || !host.userNamespaces.newidmap) return [own];
  let next = 1;
  const more = subordinate.map(({ start, count }) => {
    const range = { inside: next, outside: start, count };
    next += count;
    return range;
  });
  return [own, ...more];
}

/** Whether a process without privileges may write this map for itself: one line, its own id. */
function isOwnIdOnly(ranges: readonly IdRange[], ownId: number): boolean {
  const [only] = ranges;
  return ranges.length === 1 && only?.count === 1 && only.outside === ownId;
}

/** The maps of a section on a host; undefined without a new user namespace. */
export function resolveIdMap(section: NamespacesSection, host: HostFacts): IdMap | undefined {
  if (!section.unshare.includes('user')) return undefined;
  const { subuid, subgid, uids = [everyId], gids = [everyId] } = host.userNamespaces;
  // Without both kinds of ranges, files of the other kind could be made that nobody can own: all or nothing.
  const both = subuid.length > 0 && subgid.length > 0;
  const uid = resolve(section.uidMap, { own: host.euid, there: uids }, both ? subuid : [], host);
  const gid = resolve(section.gidMap, { own: host.egid, there: gids }, both ? subgid : [], host);
  const self = isOwnIdOnly(uid, host.euid) && isOwnIdOnly(gid, host.egid);
  return { kind: self ? 'self' : 'ranges', uid, gid };
}

/** Whether an id inside is mapped to anything. */
export function isMapped(ranges: readonly IdRange[], inside: number): boolean {
  return ranges.some((range) => inside >= range.inside && inside < range.inside + range.count);
}

/** A map as the kernel and `newuidmap` read it: inside, outside, count. */
export function mapLine({ inside, outside, count }: IdRange): readonly [string, string, string] {
  return [String(inside), String(outside), String(count)];
}
