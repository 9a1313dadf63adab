/** Which hierarchies of a host a container's limits need, and where in them its groups are made. */
import type { CgroupMount, HostFacts, SlotName } from '@haco/plan';
import type { CgroupsSection } from './section.js';
import { settingsOf, type Setting } from './settings.js';

/** One hierarchy in which the container gets a group. */
export interface Hierarchy {
  /** For step ids and slots: `v2`, or a v1 controller. */
  readonly id: string;
  readonly version: 1 | 2;
  readonly mount: CgroupMount;
  /** Controllers of this hierarchy that are used. */
  readonly controllers: readonly string[];
  readonly settings: readonly Setting[];
  /** Host path of the group below which the container's is made, without {@link sharedParent}. */
  readonly base: string;
  /** Slot of the container's group: a directory. */
  readonly dir: SlotName;
}

/** The group that all containers of a caller share as parent: made by the first, removed by the last. */
export const sharedParent = 'haco';

/** Slot of the container's v2 group. */
export const cloneSlot: SlotName = 'cgroup2';

// What plans show for a host without control groups; a start is refused before.
const nowhere: CgroupMount = { mountPoint: '/sys/fs/cgroup', ownGroup: '/', writable: false };

/** Whether a root process of a pure v2 host works below the root group, because its own group can't have limited children. */
function usesRootGroup(host: HostFacts, controllers: readonly string[]): boolean {
  const { mode, v2 } = host.cgroups;
  if (mode !== 'v2' || v2 === undefined || host.euid !== 0) return false;
  return !controllers.every((name) => v2.subtreeControl.includes(name));
}

/** The version that has a controller on this host; undefined when none has. */
export function versionOf(controller: string, host: HostFacts): 1 | 2 | undefined {
  const { v1, v2 } = host.cgroups;
  if (Object.hasOwn(v1, controller)) return 1;
  if (v2 === undefined) return undefined;
  // What a root process' own group has not, the root group may have.
  return v2.controllers.includes(controller) || usesRootGroup(host, [controller]) ? 2 : undefined;
}

function join(...parts: readonly string[]): string {
  return parts
    .join('/')
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1');
}

/** The hierarchies that a section needs on this host, in the order of its settings. */
export function hierarchiesOf(section: CgroupsSection, host: HostFacts): readonly Hierarchy[] {
  const { v1, v2 } = host.cgroups;
  const groups = new Map<string, { version: 1 | 2; mount: CgroupMount; settings: Setting[] }>();
  for (const setting of settingsOf(section)) {
    const own = Object.hasOwn(v1, setting.controller) ? v1[setting.controller] : undefined;
    const mount = own ?? v2 ?? nowhere;
    const group = groups.get(mount.mountPoint) ?? { version: own === undefined ? 2 : 1, mount, settings: [] };
    group.settings.push(setting);
    groups.set(mount.mountPoint, group);
  }
  return [...groups.values()].map(({ version, mount, settings }) => {
    const controllers = [...new Set(settings.map(({ controller }) => controller))];
    const id = version === 2 ? 'v2' : (controllers[0] ?? '');
    const ownGroup = version === 2 && usesRootGroup(host, controllers) ? '/' : mount.ownGroup;
    return {
      id,
      version,
      mount,
      controllers,
      settings,
      base: join(mount.mountPoint, ownGroup, section.parent ?? ''),
      dir: version === 2 ? cloneSlot : `cgroups.dir.${id}`,
    };
  });
}

/** Whether the container's process enters this group itself, because the clone can't put it there. */
export function isJoined({ version }: Hierarchy, host: HostFacts): boolean {
  return version === 1 || !host.features.clone_into_cgroup;
}
