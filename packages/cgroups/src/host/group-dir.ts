/** The directories of one group: one in each hierarchy that it has a part in. */
import { existsSync } from 'node:fs';
import type { CgroupMount, HostFacts } from '@haco/plan';
import { controllerNamed } from '../controllers/index.js';
import { exactHierarchies } from '../exact.js';
import { hierarchiesOf, sharedParent } from '../hierarchy.js';
import { handedDown, v1NameOf } from '../locate.js';
import { settingsOf } from '../settings.js';
import type { CgroupsSection } from '../section.js';
import { wordsOf } from './files.js';

/** A group in one hierarchy. */
export interface GroupDir {
  readonly version: 1 | 2;
  /** Absolute path of the directory. */
  readonly path: string;
  /** Controllers whose files it has. */
  readonly controllers: readonly string[];
}

/** Where groups of one hierarchy are made. */
export interface Base extends GroupDir {
  readonly mountPoint: string;
}

/**
 * Whether a directory has the files of a controller, which is named as on v2 or as on v1. Some (freezer, devices) are in every v2
 * group without being listed.
 */
export function hasController({ version, controllers }: GroupDir, name: string): boolean {
  if (controllers.includes(name) || controllers.includes(v1NameOf(name))) return true;
  return version === 2 && controllerNamed(name)?.v2 === 'always';
}

/** Paths put together, without double slashes or one at the end. */
export function joinPath(...parts: readonly string[]): string {
  return parts
    .join('/')
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1');
}

/** Controllers that a v1 mount point has; co-mounted ones share it. */
function controllersAt(mountPoint: string, host: HostFacts): readonly string[] {
  return Object.entries(host.cgroups.v1)
    .filter(([name, mount]) => mount.mountPoint === mountPoint && !name.startsWith('name='))
    .map(([name]) => name);
}

function v1Base(mount: CgroupMount, host: HostFacts): Base {
  return {
    version: 1,
    mountPoint: mount.mountPoint,
    path: joinPath(mount.mountPoint, mount.ownGroup),
    controllers: controllersAt(mount.mountPoint, host),
  };
}

/** The caller's own group in every hierarchy of the host. */
export function ownDirs(host: HostFacts): readonly Base[] {
  const { v1, v2 } = host.cgroups;
  const mounts = new Map(
    Object.entries(v1)
      .filter(([name]) => !name.startsWith('name='))
      .map(([, mount]) => [mount.mountPoint, mount]),
  );
  return [
    ...[...mounts.values()].map((mount) => v1Base(mount, host)),
    ...(v2 === undefined
      ? []
      : [
          {
            version: 2 as const,
            mountPoint: v2.mountPoint,
            path: joinPath(v2.mountPoint, v2.ownGroup),
            controllers: v2.controllers,
          },
        ]),
  ];
}

/** The caller's own group in the v1 hierarchies without controllers, such as that of systemd: they only tell who belongs together. */
export function namedDirs(host: HostFacts): readonly Base[] {
  return Object.entries(host.cgroups.v1)
    .filter(([name, { writable }]) => name.startsWith('name=') && writable)
    .map(([name, mount]) => ({ ...v1Base(mount, host), controllers: [name] }));
}

/** The groups below which `controllers` are used: as a container's groups are placed, see `hierarchiesOf`. */
export function basesFor(controllers: readonly string[], host: HostFacts): readonly Base[] {
  const keys = Object.fromEntries(controllers.map((name) => [`${name}.any`, '0']));
  return hierarchiesOf({ keys }, host).map(({ version, mount, base, controllers: used }) => ({
    version,
    mountPoint: mount.mountPoint,
    path: base,
    controllers: version === 1 ? controllersAt(mount.mountPoint, host) : handedDown(used),
  }));
}

/** The directories of a path of groups as they are now: only those that exist, with the controllers that they have. */
export function existingDirs(dirs: readonly GroupDir[]): readonly GroupDir[] {
  return dirs
    .filter(({ path }) => existsSync(path))
    .map((dir) => (dir.version === 1 ? dir : { ...dir, controllers: wordsOf(`${dir.path}/cgroup.controllers`) }));
}

/**
 * Where the groups of a container will be, whether they exist or not.
 *
 * @param name - name of the container
 * @param section - its limits, from which follows in which hierarchies it has groups
 */
export function intendedDirs(name: string, section: CgroupsSection, host: HostFacts): readonly GroupDir[] {
  if (settingsOf(section).length === 0) return [];
  const path = section.parent === undefined ? `${sharedParent}/${name}` : name;
  return hierarchiesOf(section, host).map(({ version, mount, base, controllers }) => ({
    version,
    path: joinPath(base, path),
    controllers: version === 1 ? controllersAt(mount.mountPoint, host) : controllers,
  }));
}

/**
 * The directories of a group that lies at `section.path`, in the order in which they are made: what {@link Group} takes.
 *
 * @param section - with its `path`
 */
export function exactDirs(section: CgroupsSection, host: HostFacts): readonly GroupDir[] {
  return exactHierarchies(section, host).map(({ version, mount }) => ({
    version,
    path: joinPath(mount.mountPoint, section.path ?? ''),
    controllers: version === 1 ? controllersAt(mount.mountPoint, host) : usualOf(host),
  }));
}

function usualOf({ cgroups: { v2 } }: HostFacts): readonly string[] {
  return v2?.top?.controllers ?? v2?.controllers ?? [];
}

/**
 * The directories of a container's groups: what `updateGroup` and `readStats` take.
 *
 * @param name - name of the container
 * @param section - its limits, from which follows in which hierarchies it has groups
 */
export function containerDirs(name: string, section: CgroupsSection, host: HostFacts): readonly GroupDir[] {
  return existingDirs(intendedDirs(name, section, host));
}
