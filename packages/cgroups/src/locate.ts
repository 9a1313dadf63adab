/** Where on a host settings go: which hierarchy has a controller, and where in it groups are made. */
import { isKernelAtLeast, isHostRoot, type CgroupMount, type HostFacts, type SlotName } from '@haco/plan';
import { controllerNamed } from './controllers/index.js';
import type { Setting } from './settings.js';

/** One hierarchy in which the container gets a group. */
export interface Hierarchy {
  /** For step ids and slots: `v2`, or a v1 controller. */
  readonly id: string;
  readonly version: 1 | 2;
  readonly mount: CgroupMount;
  /** Controllers of this hierarchy that are used, by the names of the settings. */
  readonly controllers: readonly string[];
  readonly settings: readonly Setting[];
  /** Host path of the group below which the container's is made, without the parent `haco` that all share. */
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

/** The name of a controller on v1. */
export function v1NameOf(controller: string): string {
  return controllerNamed(controller)?.v1Name ?? controller;
}

/** The name by which settings know a controller: that on v2, or on v1 when only that has it. */
export function commonNameOf(controller: string): string {
  return controllerNamed(controller)?.name ?? controller;
}

/** Whether a hybrid host uses v2 for a controller that v1 has too. */
function prefersV2(controller: string, { cgroups: { v2 }, kernel }: HostFacts): boolean {
  const since = controllerNamed(controller)?.preferV2;
  if (since === undefined || v2?.writable !== true) return false;
  return isKernelAtLeast(kernel, since);
}

/** The v1 hierarchy of a controller, where that is the one to use. */
export function v1MountOf(controller: string, host: HostFacts): CgroupMount | undefined {
  const { v1 } = host.cgroups;
  const name = v1NameOf(controller);
  return Object.hasOwn(v1, name) && !prefersV2(controller, host) ? v1[name] : undefined;
}

/** Those controllers that a v2 group only has when the groups above hand them down. */
export function handedDown(controllers: readonly string[]): readonly string[] {
  return controllers.filter((name) => controllerNamed(name)?.v2 === undefined);
}

/** Root of a user namespace may have a group of its own and yet not the root group. */
function mayWriteTop(host: HostFacts): boolean {
  return host.cgroups.v2?.top?.writable ?? isHostRoot(host);
}

/** Whether a root process of a pure v2 host works below the root group, because its own group can't have limited children. */
function usesRootGroup(host: HostFacts, controllers: readonly string[]): boolean {
  const { mode, v2 } = host.cgroups;
  // The top of what a container is shown isn't the root: the rule about processes holds there too.
  if (mode !== 'v2' || v2 === undefined || v2.top?.isRoot === false || !mayWriteTop(host)) return false;
  const needed = handedDown(controllers);
  if (!needed.every((name) => v2.top?.controllers.includes(name) ?? true)) return false;
  return !needed.every((name) => v2.subtreeControl.includes(name));
}

/** The version that has a controller on this host; undefined when none has. */
export function versionOf(controller: string, host: HostFacts): 1 | 2 | undefined {
  const { v2 } = host.cgroups;
  if (v1MountOf(controller, host) !== undefined) return 1;
  if (v2 === undefined) return undefined;
  const how = controllerNamed(controller)?.v2;
  if (how !== undefined) return how === 'always' ? 2 : undefined;
  // What a root process' own group has not, the root group may have.
  return v2.controllers.includes(controller) || usesRootGroup(host, [controller]) ? 2 : undefined;
}

function join(...parts: readonly string[]): string {
  return parts
    .join('/')
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1');
}

/** The directory of the caller's own group. */
export function pathOf({ mountPoint, ownGroup }: CgroupMount): string {
  return join(mountPoint, ownGroup);
}

/** Settings by the hierarchy that they need on this host, in their order. */
export function locate(
  settings: readonly Setting[],
  parent: string | undefined,
  host: HostFacts,
): readonly Hierarchy[] {
  const { v2 } = host.cgroups;
  const groups = new Map<string, { version: 1 | 2; mount: CgroupMount; settings: Setting[] }>();
  for (const setting of settings) {
    const own = v1MountOf(setting.controller, host);
    const mount = own ?? v2 ?? nowhere;
    const group = groups.get(mount.mountPoint) ?? { version: own === undefined ? 2 : 1, mount, settings: [] };
    group.settings.push(setting);
    groups.set(mount.mountPoint, group);
  }
  return [...groups.values()].map(({ version, mount, settings: located }) => {
    const controllers = [...new Set(located.map(({ controller }) => controller))];
    const id = version === 2 ? 'v2' : v1NameOf(controllers[0] ?? '');
    const ownGroup = version === 2 && usesRootGroup(host, controllers) ? '/' : mount.ownGroup;
    return {
      id,
      version,
      mount,
      controllers,
      settings: located,
      base: join(mount.mountPoint, ownGroup, parent ?? ''),
      dir: version === 2 ? cloneSlot : `cgroups.dir.${id}`,
    };
  });
}

/** Whether the container's process enters this group itself, because the clone can't put it there. */
export function isJoined({ version }: Hierarchy, host: HostFacts): boolean {
  return version === 1 || !host.features.clone_into_cgroup;
}
