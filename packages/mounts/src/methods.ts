/** The verbs of the file tree: their types and their documentation. */
import type { HasNamespace, Size } from '@haco/plan';
import type { IndependentName } from './kinds/independent-names.js';
import type { MountIdMap, MountAttributes, ProcfsOptions, Propagation, RootEntry } from './section.js';

/** Options of {@link MountMethods.chroot}. */
export interface ChrootOptions {
  /**
   * `pivot_root` leaves no way back and needs a new mount namespace; it is the default where there is one. `chroot` is the true
   * chroot(2).
   */
  readonly mode?: RootEntry;
  /** Nothing in the root can be changed; mounts in it have their own say. */
  readonly readonly?: boolean;
  /**
   * Lay a throw-away writable layer over the root, kept in memory: the container may change everything, the directory stays as
   * it is. `size` limits what can be written; half of the memory when left out. With `keep`, the layer is kept in that directory
   * of the host, for the next start; see `overlayRoot()`.
   *
   * In a user namespace there is no overlay of `/`: there, `/` is read-only with layers over `/etc`, `/home`, `/usr` and the like
   * (those without mounts below), and what belongs to other users can't be changed.
   */
  readonly overlay?: boolean | { readonly size?: Size } | { readonly keep: string };
  /**
   * Take only these directories of the root, such as `['/usr', '/bin', '/lib']`, each with what is mounted below it; names that aren't
   * there are passed over. Nothing else of the root is there, and what is mounted elsewhere gets its mount point in memory.
   * Where the root isn't `readonly`, 256 MiB can be written to it beside them; `tmpfs()` gives room of any size.
   *
   * Not with `overlay` and `idmapRoot()`.
   */
  readonly only?: readonly string[];
}

/** A root directory, and the directory that keeps the writable layer over it. */
export interface KeptRoot {
  readonly lower: string;
  readonly keep: string;
}

/** Options of {@link MountMethods.mount}. */
export interface MountOptions extends MountAttributes {
  /** Type of the filesystem, e.g. `ext4`. Without it, the source is bound. */
  readonly type?: string;
  /** Options of the filesystem itself: `key=value,flag`; only with `type`. */
  readonly data?: string;
  /** Bind also what is mounted below the source; true when left out. */
  readonly recursive?: boolean;
  /** Whether later mounts cross the border; `private` when left out. Only for binds. */
  readonly propagation?: Propagation;
  /**
   * Map the owners of files: `container` as the container's own user namespace does, so that files of uid 0 on the disk belong to
   * root inside, without any chown; or as the user namespace of that file does. Only for binds; needs root and Linux 5.12.
   *
   * @see mount_setattr(2), MOUNT_ATTR_IDMAP
   */
  readonly idmap?: MountIdMap;
}

/** Options of {@link MountMethods.tmpfs}. */
export interface TmpfsOptions extends MountAttributes {
  /** Most that fits in; half of the memory when left out. */
  readonly size?: Size;
  /** Permissions of its root directory; `0o1777` when left out. */
  readonly mode?: number;
}

/** Options of {@link MountMethods.overlay}. */
export interface OverlayOptions {
  /** Permissions of the directory as the container sees it; `0o755` when left out. */
  readonly mode?: number;
  /** Pass over it where it isn't there, is a symbolic link, or can't be laid over. */
  readonly optional?: boolean;
}

/** Options of {@link MountMethods.file}. */
export interface FileOptions {
  /** Permissions; `0o644` when left out. */
  readonly mode?: number;
}

/** A procfs with options, for {@link MountMethods.independent}. */
export interface ProcfsKind extends ProcfsOptions {
  readonly name: 'procfs';
}

/** Verbs that give a container its file tree. */
export interface MountMethods {
  /**
   * The directory that the container has as its root; the last call counts.
   *
   * @param root absolute path on the host, or an `overlayRoot()`
   * @see pivot_root(2), chroot(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const plan = await haco().unshare('mount').chroot('/srv/root', { readonly: true }).command('/bin/true').explain();
   * ```
   */
  chroot(root: string, options?: { readonly mode?: 'chroot' }): this;
  /** With what only a mount namespace can do. */
  chroot<B extends HasNamespace<'mount'>>(this: B, root: string | KeptRoot, options?: ChrootOptions): B;

  /**
   * Map the owners of the root's files, as `idmap` does for a bind mount: what belongs to uid 0 on the disk belongs to root inside, without
   * any chown, and what root inside makes belongs to uid 0 on the disk. For any root but the host's own, also below a writable layer,
   * which itself isn't mapped. Needs root on the host and Linux 5.12; with a layer 5.19.
   *
   * @param map whose user namespace tells how: that of the container when left out, or a file such as `/proc/1234/ns/user`
   * @see mount_setattr(2), MOUNT_ATTR_IDMAP
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const range = { inside: 0, outside: 100_000, count: 65_536 };
   * const build = haco()
   *   .unshare('user', 'mount')
   *   .mapUsers([range])
   *   .mapGroups([range])
   *   .chroot('/srv/roots/debian', { overlay: true })
   *   .idmapRoot()
   *   .command('apt-get', 'install', '-y', 'make');
   * ```
   */
  idmapRoot<B extends HasNamespace<'mount'>>(this: B, map?: MountIdMap): B;

  /**
   * Mount a directory or file of the host (a bind mount), or a filesystem by its type. Calls add up and are performed in order.
   *
   * The target must exist in the root, unless the root (or the mount that holds the target) is the container's own and vanishes
   * with it, as an overlay or a tmpfs does: then it is made.
   *
   * @param source absolute path on the host, or what the filesystem takes
   * @param target absolute path inside
   * @see open_tree(2), fsopen(2), mount_setattr(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const build = haco()
   *   .unshare('mount')
   *   .chroot('/srv/root')
   *   .mount('/home/me/project', '/src', { readonly: true })
   *   .command('make', '-C', '/src');
   * ```
   */
  mount<B extends HasNamespace<'mount'>>(this: B, source: string, target: string, options?: MountOptions): B;

  /**
   * Mount an empty filesystem that is kept in memory and ends with the container. Calls add up.
   *
   * Set-user-id bits and devices in it are ignored unless `nosuid: false` or `nodev: false` says otherwise.
   *
   * @see tmpfs(5)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const scratch = haco().unshare('mount').tmpfs('/tmp', { size: '64MiB' }).command('df', '/tmp');
   * ```
   */
  tmpfs<B extends HasNamespace<'mount'>>(this: B, target: string, options?: TmpfsOptions): B;

  /**
   * Lay a throw-away writable layer, kept in memory, over a directory of the container: the command may change everything in it,
   * the directory below stays as it is. Calls add up, in the order of all mounts.
   *
   * The permissions of the directory itself are those of the option `mode`. In a user namespace, the kernel refuses it (EINVAL)
   * where other mounts lie below the directory; with `optional` it stays as it is then.
   *
   * @param target absolute path inside
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const careful = haco().unshare('user', 'mount').chroot('/', { readonly: true }).overlay('/home/me/project');
   * ```
   */
  overlay<B extends HasNamespace<'mount'>>(this: B, target: string, options?: OverlayOptions): B;

  /**
   * Put a file with this content into the container: read-only, kept in memory, gone with the container. Calls add up, in the order
   * of all mounts. Like a bind, it needs a file at the target unless the target may be made, and hides that.
   *
   * All files of a container together hold up to 4 MiB; bind a file of the host for more.
   *
   * @param target absolute path inside
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const named = haco()
   *   .unshare('mount')
   *   .chroot('/srv/root', { overlay: true })
   *   .file('/etc/app.conf', 'colour = blue\n', { mode: 0o600 })
   *   .command('cat', '/etc/app.conf');
   * ```
   */
  file<B extends HasNamespace<'mount'>>(
    this: B,
    target: string,
    content: string | Uint8Array,
    options?: FileOptions,
  ): B;

  /**
   * Hide files and directories: they appear empty, whatever the command's rights over them. Calls add up. Made after all mounts and
   * verified then. Only with CAP_SYS_ADMIN, which root of a user namespace has without `caps()`, can a command unmount what hides them.
   *
   * Where a path doesn't exist, an empty directory is made for it in what vanishes with the container (an overlay, a tmpfs). In a tree
   * of the host nothing is made, and it is passed over: what somebody puts there later is seen. Mask the directory above to prevent
   * that.
   *
   * @param paths absolute paths inside, e.g. {@link dockerMaskedPaths}
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * import { dockerMaskedPaths } from '@haco/mounts';
   * const careful = haco()
   *   .unshare('mount', 'pid')
   *   .independent('procfs')
   *   .mask(...dockerMaskedPaths, '/root');
   * ```
   */
  mask<B extends HasNamespace<'mount'>>(this: B, ...paths: readonly string[]): B;

  /**
   * Make files and directories read-only, with all that is mounted below them. Calls add up. Made after all mounts and verified
   * then. Only with CAP_SYS_ADMIN, which root of a user namespace has without `caps()`, can a command unmount or remount them.
   *
   * They stay in their place: directories above that the command could rename become mount points, which nobody can rename, and
   * across which rename(2) and link(2) fail with EXDEV. A path that doesn't exist could be made by the command; so in what vanishes with
   * the container (an overlay, a tmpfs) an empty directory is made for it, and in a writable tree of the host the start fails. Below
   * `/proc`, `/sys` and what is read-only itself it is passed over. Symbolic links on a path may be exchanged by who can write where
   * they lie: give the real path.
   *
   * @param paths absolute paths inside, e.g. {@link dockerReadonlyPaths}
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const agent = haco()
   *   .unshare('user', 'mount')
   *   .mount('/home/me/project', '/home/me/project')
   *   .readonlyPaths('/home/me/project/.git/hooks', '/home/me/project/.git/config')
   *   .caps('none');
   * ```
   */
  readonlyPaths<B extends HasNamespace<'mount'>>(this: B, ...paths: readonly string[]): B;

  /**
   * Mount fresh instances of the kernel's own filesystems. Calls add up; a kind that is there already is left out, one with options
   * takes its place.
   *
   * The place of each must not be a symbolic link in the root: programs would look for it there (CVE-2019-19921).
   *
   * | kind | on | what |
   * | --- | --- | --- |
   * | `procfs` | `/proc` | the processes of the container's pid namespace |
   * | `sysfs` | `/sys` | read-only; interfaces of its network namespace |
   * | `dev` | `/dev` | null, zero, full, random, urandom, tty, pts, shm, mqueue, with a terminal console, and nothing else |
   * | `devtmpfs` | `/dev` | all devices of the host |
   * | `devpts` | `/dev/pts` | terminals of its own |
   * | `shm` | `/dev/shm` | shared memory of its own, 64 MiB |
   * | `mqueue` | `/dev/mqueue` | message queues of its ipc namespace |
   * | `cgroup` | `/sys/fs/cgroup` | its cgroups, read-only |
   *
   * @see proc(5), sysfs(5), pts(4), shm_overview(7), mq_overview(7), cgroups(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const ps = haco().unshare('mount', 'pid').independent('procfs').command('ps', 'ax');
   * const less = ps.independent({ name: 'procfs', subset: 'pid', hidepid: 'invisible' });
   * ```
   */
  independent<B extends HasNamespace<'mount'>>(this: B, ...kinds: readonly (IndependentName | ProcfsKind)[]): B;

  /**
   * Bind `resolv.conf` and `hosts` of the host read-only on those in the container's `/etc`.
   *
   * @param hostEtc directory on the host, e.g. `/etc/netns/blue`; `/etc` when left out
   * @see resolv.conf(5), hosts(5)
   */
  networkEtc<B extends HasNamespace<'mount'>>(this: B, hostEtc?: string): B;

  /**
   * Show the container its own limits where programs look for what a machine has: `cpuinfo`, `diskstats`, `loadavg`, `meminfo`,
   * `stat`, `swaps` and `uptime` in its `/proc`, and `/sys/devices/system/cpu`, are those of LXCFS, read-only, as far as that has
   * them. Without it, `free` and `nproc` tell of the host. Adds `independent('procfs')`; made after all other mounts. The last call
   * counts.
   *
   * LXCFS must run on the host: `apt-get install lxcfs`. A start without it is a `not-found`.
   *
   * @param root directory of the host where it is mounted; `/var/lib/lxcfs` when left out
   * @see lxcfs(1)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const small = haco().unshare('mount', 'pid').chroot('/srv/root').memory('256MiB').lxcfs().command('free', '-m');
   * ```
   */
  lxcfs<B extends HasNamespace<'mount'>>(this: B, root?: string): B;
}
