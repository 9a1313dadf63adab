/** Mounts as `/proc/self/mountinfo` lists them, as far as planning needs them. */

export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  /** Which directory of the file system is the root of this mount, e.g. `/docker/abc`. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount, e.g. `rw`, `nosuid`. */
  readonly options: readonly string[];
  readonly fsType: string;
  /** Options of the file system, e.g. `rw`, `cpu`, `cpuacct`, `name=systemd`. */
  readonly superOptions: readonly string[];
}

/**
 * All mounts, in the order of the file. Lines that aren't complete are left out.
 *
 * @see proc_pid_mountinfo(5)
 */
export function parseMountinfo(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2);
    const [id, parent, , root, mountPoint, options = ''] = before.split(' ');
    const [fsType, , superOptions] = after.split(' ');
    if (root === undefined || mountPoint === undefined || fsType === undefined || superOptions === undefined) return [];
    return [
      {
        id: Number(id),
        parent: Number(parent),
        root: unescape(root),
        mountPoint: unescape(mountPoint),
        options: options.split(','),
        fsType,
        superOptions: superOptions.split(','),
      },
    ];
  });
}

/** Space, tab, newline, `#` and backslash are written as `\040` and so on. */
function unescape(field: string): string {
  return field.includes('\\')
    ? field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    : field;
}

/** Whether a path lies at or below a directory. */
export function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** The mount on which a path lies: the topmost of those that hold it, as long as no symbolic link is on the way. */
export function mountOf(path: string, mounts: readonly MountEntry[]): MountEntry | undefined {
  return mounts
    .filter(({ mountPoint }) => isWithin(path, mountPoint))
    .reduce<MountEntry | undefined>(
      (best, mount) => (best !== undefined && best.mountPoint.length > mount.mountPoint.length ? best : mount),
      undefined,
    );
}

/**
 * Those of `some` mounts that their path leads to. A mount is hidden when, on one of the mounts that it stands on, another one
 * is met first on the way to it, or when another one is mounted on its own top.
 */
export function visibleMounts(some: readonly MountEntry[], all: readonly MountEntry[]): readonly MountEntry[] {
  const byId = new Map<number, MountEntry>();
  for (const mount of all) byId.set(mount.id, mount);
  return some.filter((mount) => {
    // Where the way to the mount leaves each mount that it stands on.
    const exits = new Map<number, string>([[mount.id, mount.mountPoint]]);
    let at = mount;
    for (let below = byId.get(at.parent); below !== undefined && !exits.has(below.id); below = byId.get(at.parent)) {
      exits.set(below.id, at.mountPoint);
      at = below;
    }
    return all.every(({ id, parent, mountPoint }) => {
      const exit = exits.get(parent);
      return exit === undefined || exits.has(id) || !isWithin(exit, mountPoint);
    });
  });
}
