/** Whether a name is in use in a hierarchy that a container has no part in, where its own `mkdir` meets nobody. */
import { existsSync } from 'node:fs';
import type { HostFacts } from '@haco/plan';
import { sharedParent } from '../hierarchy.js';
import type { CgroupsSection } from '../section.js';
import { joinPath, intendedDirs, ownDirs } from './group-dir.js';
import { treePidsOf } from './members.js';

/** Asked at every start with a name: what follows from the host and the limits is kept. */
const known = new WeakMap<CgroupsSection, { readonly host: HostFacts; readonly parents: readonly string[] }>();

function parentsBut(used: readonly string[], host: HostFacts): readonly string[] {
  return ownDirs(host)
    .map(({ path }) => joinPath(path, sharedParent))
    .filter((path) => !used.includes(path));
}

/** The directory of a group of this name with processes, below one of these: one access(2) for each that has none. */
export function heldBelow(parents: readonly string[], name: string): string | undefined {
  for (const parent of parents) {
    const path = `${parent}/${name}`;
    if (existsSync(path) && treePidsOf([{ version: 1, path, controllers: [] }]).length > 0) return path;
  }
  return undefined;
}

/** The same for a group that is made below these directories. */
export function takenBeside(name: string, bases: readonly string[], host: HostFacts): string | undefined {
  const used = bases.map((path) => joinPath(path, sharedParent));
  return heldBelow(parentsBut(used, host), name);
}

/** Where groups of that name would be, in the hierarchies that these limits don't use. */
export function otherParents(section: CgroupsSection, host: HostFacts): readonly string[] {
  const kept = known.get(section);
  if (kept?.host === host) return kept.parents;
  const used = intendedDirs('x', section, host).map(({ path }) => path.slice(0, path.lastIndexOf('/')));
  // Without limits there is no group; below a parent of the caller's, the names are the caller's.
  const parents = used.length === 0 || section.parent !== undefined ? [] : parentsBut(used, host);
  known.set(section, { host, parents });
  return parents;
}
