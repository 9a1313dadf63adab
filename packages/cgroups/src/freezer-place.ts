/** Where a container that is in no freezer gets one when somebody freezes it: not at its start, which shall stay short. */
import type { HostFacts } from '@haco/plan';
import { pathOf, sharedParent, v1MountOf, versionOf, type Hierarchy } from './locate.js';

/** The directory below which such groups are made. */
export interface FreezerPlace {
  readonly version: 1 | 2;
  readonly base: string;
}

/** v2 first, also on hybrid hosts, as for `resources({ freeze })`. */
export function freezerPlace(host: HostFacts): FreezerPlace | undefined {
  const version = versionOf('freezer', host);
  const mount = version === 1 ? v1MountOf('freezer', host) : host.cgroups.v2;
  return version === undefined || mount === undefined ? undefined : { version, base: pathOf(mount) };
}

/** Whether one of these hierarchies can freeze. */
export function canFreeze(hierarchies: readonly Hierarchy[]): boolean {
  return hierarchies.some(({ version, controllers }) => version === 2 || controllers.includes('freezer'));
}

/** Path of that group below the base: no container and no group can have such a name. */
export function freezerPath(name: string): string {
  return `${sharedParent}/${name}~frozen`;
}
