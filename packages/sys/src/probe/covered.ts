/** What of procfs and sysfs is covered for this process, and would be for a new user namespace: mount_too_revealing() of the kernel. */
import type { HostFacts } from '@haco/plan';
import { type MountEntry, parseMountinfo } from './mountinfo.js';

interface Watched {
  readonly fsType: string;
  /** Directories of it that are empty for ever, made to be mounted on: covering them hides nothing. */
  readonly mountPoints: readonly string[];
  /** Whether haco mounts it read-only: of one that is writable a read-only one is enough to be seen. */
  readonly readonly: boolean;
}

const watched = {
  procfs: { fsType: 'proc', mountPoints: ['/sys/fs/binfmt_misc', '/fs/nfsd', '/xen', '/openprom'], readonly: false },
  sysfs: { fsType: 'sysfs', mountPoints: ['/fs/cgroup'], readonly: true },
} as const satisfies Readonly<Record<string, Watched>>;

/**
 * What others cover files and directories with: nothing, an empty directory, /dev/null, a read-only copy, their own numbers. Everything
 * else has directories of its own there, of which later kernels may have more: it isn't counted, and a start tells.
 */
const covers: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'devtmpfs', 'overlay', 'proc', 'sysfs', 'fuse.lxcfs']);

/** What is covered on one of them; undefined when it is seen whole. */
function coveredOn(mount: MountEntry, all: readonly MountEntry[], kind: Watched): readonly string[] | undefined {
  const { id, root, mountPoint, options, superOptions } = mount;
  const isTooStrict = !kind.readonly && [options, superOptions].some((list) => list.includes('ro'));
  if (root !== '/' || isTooStrict) return [];
  const above = mountPoint === '/' ? '' : mountPoint;
  const covered = all.filter(
    (child) =>
      child.parent === id &&
      covers.has(child.fsType) &&
      !kind.mountPoints.some((path) => child.mountPoint === `${above}${path}`),
  );
  return covered.length === 0 ? undefined : covered.map((child) => child.mountPoint);
}

/** By the kind of file system; undefined when all is well, or nothing is known. */
export function coveredIn(mountinfo: string): HostFacts['covered'] {
  const all = parseMountinfo(mountinfo);
  const found = Object.entries(watched).flatMap(([name, kind]) => {
    const each = all.filter(({ fsType }) => fsType === kind.fsType).map((mount) => coveredOn(mount, all, kind));
    // One that is seen whole is enough.
    return each.includes(undefined)
      ? []
      : [[name, each.find((paths) => paths !== undefined && paths.length > 0) ?? []]];
  });
  return all.length === 0 || found.length === 0 ? undefined : (Object.fromEntries(found) as HostFacts['covered']);
}
