/** `linux.devices`: those that are made besides what every runtime makes. */
import type { Config } from '../import/schema.js';
import { defaultLinks, isDefaultNode } from '../default-devices.js';
import type { Export } from './export.js';

type Device = NonNullable<NonNullable<Config['linux']>['devices']>[number];

export function exportNodes(from: Export): { readonly devices?: readonly Device[] } {
  const devices = from.sections.mounts.entries.flatMap((entry, at) => {
    if (entry.kind !== 'nodes') return [];
    (entry.links ?? []).forEach(([path, to], index) => {
      if (defaultLinks.some(([known, leads]) => known === path && leads === to)) return;
      from.missing(`mounts.entries[${String(at)}].links[${String(index)}]`, 'a runtime makes no links but its own');
    });
    return entry.devices
      .filter((node) => !isDefaultNode(node))
      .map(({ path, type, major, minor, mode, uid, gid }) => ({
        path,
        type,
        ...(type === 'p' ? {} : { major, minor }),
        ...(mode === undefined ? {} : { fileMode: mode }),
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      }));
  });
  return devices.length === 0 ? {} : { devices };
}
