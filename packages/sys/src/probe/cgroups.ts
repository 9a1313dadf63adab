/** The cgroup hierarchies of a host: which there are, where they are mounted, and where in them this process is. */
import { leafGroup, type CgroupFacts, type CgroupMount } from '@haco/plan';
import { parseCgroupMembership } from './cgroup-membership.js';
import { type HostReader } from './host-reader.js';
import { isWithin, type MountEntry, parseMountinfo, visibleMounts } from './mountinfo.js';

/** Put mountinfo and membership together. */
export function probeCgroups(host: Pick<HostReader, 'read' | 'writable'>): CgroupFacts {
  const mounts = parseMountinfo(host.read('/proc/self/mountinfo') ?? '');
  const membership = parseCgroupMembership(host.read('/proc/self/cgroup') ?? '');

  const v1: Record<string, CgroupMount> = {};
  const v1Mounts = reachable(mounts, 'cgroup');
  for (const { controllers, path } of membership) {
    const [first] = controllers;
    if (first === undefined) continue;
    const mount = bestMount(
      v1Mounts.filter((entry) => entry.superOptions.includes(first)),
      path,
    );
    if (mount === undefined) continue;
    const facts = describeMount(mount, path, host);
    for (const controller of controllers) v1[controller] = facts;
  }

  const v2Path = membership.find(({ controllers }) => controllers.length === 0)?.path ?? '/';
  const v2Mount = bestMount(reachable(mounts, 'cgroup2'), v2Path);
  const v2 = v2Mount === undefined ? undefined : describeUnified(v2Mount, v2Path, host);
  return { mode: modeOf(v1, v2 !== undefined), v1, ...(v2 === undefined ? {} : { v2 }) };
}

/** A v1 hierarchy with a name and no controllers, as systemd and containers on v2 hosts mount it, changes nothing. */
function modeOf(v1: CgroupFacts['v1'], hasV2: boolean): CgroupFacts['mode'] {
  const hasControllers = Object.keys(v1).some((controller) => !controller.startsWith('name='));
  if (hasV2) return hasControllers ? 'hybrid' : 'v2';
  return Object.keys(v1).length > 0 ? 'v1' : 'none';
}

function reachable(mounts: readonly MountEntry[], fsType: string): readonly MountEntry[] {
  return visibleMounts(
    mounts.filter((mount) => mount.fsType === fsType),
    mounts,
  );
}

/** A hierarchy may be mounted more than once: take one that shows the own group, best at the usual place. */
function bestMount(mounts: readonly MountEntry[], path: string): MountEntry | undefined {
  const score = ({ root, mountPoint }: MountEntry): number =>
    (isWithin(path, root) ? 2 : 0) + (isWithin(mountPoint, '/sys/fs/cgroup') ? 1 : 0);
  return [...mounts].sort((a, b) => score(b) - score(a))[0];
}

function describeMount(mount: MountEntry, path: string, host: Pick<HostReader, 'writable'>): CgroupMount {
  const ownGroup = relativeGroup(mount.root, path);
  return {
    mountPoint: mount.mountPoint,
    ownGroup,
    writable: host.writable(groupDirectory(mount.mountPoint, ownGroup)),
  };
}

/**
 * The own group as seen from the mount. An outer container's runtime shows only a part of the hierarchy: root `/docker/abc`,
 * group `/docker/abc/x` → `/x`. When the part doesn't hold the own group, the top of what is shown is the best there is.
 */
export function relativeGroup(root: string, path: string): string {
  if (!isWithin(path, root) || path.startsWith('/..')) return '/';
  const below = root === '/' ? path : path.slice(root.length);
  return below === '' ? '/' : below;
}

const leafEnd = `/${leafGroup}`;

/** A process in a leaf counts as being in the group above: groups are made beside the leaf. */
function home(path: string): string {
  return path.endsWith(leafEnd) ? path.slice(0, -leafEnd.length) || '/' : path;
}

function groupDirectory(mountPoint: string, group: string): string {
  return group === '/' ? mountPoint : `${mountPoint}${group}`;
}

function describeUnified(
  entry: MountEntry,
  path: string,
  host: Pick<HostReader, 'read' | 'writable'>,
): CgroupFacts['v2'] {
  const mount = describeMount(entry, home(path), host);
  const directory = groupDirectory(mount.mountPoint, mount.ownGroup);
  const wordsIn = (group: string, file: string): readonly string[] =>
    (host.read(`${group}/${file}`) ?? '').split(/\s+/).filter((word) => word !== '');
  const words = (file: string): readonly string[] => wordsIn(directory, file);
  return {
    ...mount,
    controllers: words('cgroup.controllers'),
    subtreeControl: words('cgroup.subtree_control'),
    top: {
      // Only the root of the hierarchy has no type.
      isRoot: host.read(`${mount.mountPoint}/cgroup.type`) === undefined,
      controllers: wordsIn(mount.mountPoint, 'cgroup.controllers'),
      writable: host.writable(mount.mountPoint),
    },
    // Otherwise this process is in it.
    ...(path.endsWith(leafEnd) ? { occupied: words('cgroup.procs').length > 0 } : {}),
  };
}
