/** `uidMappings` and `gidMappings` of a mount: who its files appear to belong to. */
import { haco, type Builder } from '@haco/core';
import type { MountIdMap } from '@haco/mounts';
import type { Import } from './import.js';
import type { Config } from './schema.js';

type Linux = NonNullable<Config['linux']>;
type Mount = NonNullable<Config['mounts']>[number];
type Lists = Pick<Mount, 'uidMappings' | 'gidMappings'>;

/** A mount whose map no namespace of the container has. */
export interface OwnMap {
  /** Its number among the mounts of the spec. */
  readonly entry: number;
  /** Tells equal maps apart from others. */
  readonly key: string;
  /** A process in a user namespace with this map. */
  readonly users: Builder;
}

/** Stands in the spec until there is a namespace with the map. */
const later: MountIdMap = { userNamespace: '/proc/self/ns/user' };

const keyOf = ({ uidMappings, gidMappings }: Lists): string =>
  JSON.stringify(
    [uidMappings, gidMappings].map((list = []) =>
      list.map(({ containerID, hostID, size }) => [containerID, hostID, size]),
    ),
  );

/** The map that the lists say; undefined, with a problem, where haco has none. */
export function importMountMaps(
  { uidMappings = [], gidMappings = [] }: Lists,
  { namespaces = [], ...container }: Linux,
  { at, index, into }: { readonly at: string; readonly index: number; readonly into: Import },
): MountIdMap | undefined {
  if (uidMappings.length === 0 || gidMappings.length === 0) {
    const [missing, given] = uidMappings.length === 0 ? ['uidMappings', 'gidMappings'] : ['gidMappings', 'uidMappings'];
    into.wrong(`${at}.${missing}`, `is missing beside "${given}"; a mount has both or none`);
    return undefined;
  }
  const key = keyOf({ uidMappings, gidMappings });
  const hasUsers = namespaces.some(({ type, path = '' }) => type === 'user' && path === '');
  if (hasUsers && key === keyOf(container)) return 'container';
  if (!into.stubs) {
    into.differs(`${at}.uidMappings`, 'haco maps owners as a user namespace does, not by lists of ids');
    return undefined;
  }
  const rangesOf = (list: typeof uidMappings) =>
    list.map(({ containerID, hostID, size }) => ({ inside: containerID, outside: hostID, count: size }));
  const made = haco
    .fromSpec({
      version: 1,
      namespaces: {
        unshare: ['user'],
        enter: [],
        persist: [],
        uidMap: rangesOf(uidMappings),
        gidMap: rangesOf(gidMappings),
      },
      process: { command: { file: '/bin/true', args: [] } },
    })
    .andThen((builder) => builder.spec().map(() => builder));
  if (made.isErr()) {
    for (const { path, message } of made.error.issues)
      into.wrong(path.replace(/^namespaces\.(uid|gid)Map/, `${at}.$1Mappings`), message);
    return undefined;
  }
  into.ownMaps.push({ entry: index, key, users: made.value });
  return later;
}
