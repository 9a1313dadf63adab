/** What a spec says of the container's file tree: plain data. */
import type { IndependentName } from './kinds/independent-names.js';

/** Where the root directory comes from. */
export type Rootfs =
  | {
      /** Absolute path of a directory on the host; changes reach the host, unless it is read-only. */
      readonly path: string;
      /**
       * Only these directories of it, such as `/usr`, where they are there; nothing else is. The root itself is in memory, and goes with the
       * container; 256 MiB can be written to it, unless it is read-only.
       */
      readonly only?: readonly string[];
    }
  | {
      /**
       * A writable layer over directories of the host, thrown away unless it is kept. Only the filesystem of each directory is seen: what the host
       * mounts below (such as `/home` on a disk of its own) appears empty.
       */
      readonly overlay: {
        /** Absolute paths, the topmost first; `/` is the host itself. */
        readonly lower: readonly string[];
        /** Most that the container can write, in bytes; half of the memory when left out. Not with `keep`. */
        readonly size?: number;
        /** Absolute path of a directory that keeps the writable layer, in `upper` and `work`; made when it isn't there. */
        readonly keep?: string;
      };
    };

/** A root of which only some directories are taken. */
export interface SelectedRoot {
  readonly path: string;
  readonly only: readonly string[];
}

/** How the container gets into its root directory. */
export type RootEntry = 'pivot_root' | 'chroot';

/** What holds for a whole mount, whatever the files in it say. */
export interface MountAttributes {
  readonly readonly?: boolean;
  /** Ignore set-user-id and set-group-id bits and file capabilities. */
  readonly nosuid?: boolean;
  /** Ignore device nodes. */
  readonly nodev?: boolean;
  /** Execute nothing. */
  readonly noexec?: boolean;
  /** Follow no symbolic links. */
  readonly nosymfollow?: boolean;
  /** Never note when a file was read; without one of these, at most once a day (`relatime`). */
  readonly noatime?: boolean;
  /** Always note when a file was read. */
  readonly strictatime?: boolean;
  /** Never note when a directory was read. */
  readonly nodiratime?: boolean;
}

/**
 * Whether later mounts and unmounts below the source cross the border: `private` (no), `slave` (from the host into the
 * container), `shared` (both ways), `unbindable` (private, and can't be bound elsewhere).
 */
export type Propagation = 'private' | 'slave' | 'shared' | 'unbindable';

/** A directory or file of the host. */
export interface BindEntry extends MountAttributes {
  readonly kind: 'bind';
  /** Absolute path on the host. */
  readonly source: string;
  readonly target: string;
  /** With the mounts below the source; true when left out. */
  readonly recursive?: boolean;
  readonly propagation?: Propagation;
  /** Whose user namespace tells how owners of files appear. */
  readonly idmap?: MountIdMap;
}

/**
 * Where the map of an idmapped mount comes from: the user namespace that is made for the container, or one that a file names, such as
 * `/proc/1234/ns/user`. A file of uid 0 on the disk is then one of uid 0 in that namespace.
 */
export type MountIdMap = 'container' | { readonly userNamespace: string };

/** A filesystem by its type. */
export interface FilesystemEntry extends MountAttributes {
  readonly kind: 'filesystem';
  readonly type: string;
  /** A device, or whatever the type takes. */
  readonly source: string;
  readonly target: string;
  /** Options of the filesystem itself, not of the mount: `key=value,flag`. */
  readonly data?: string;
  /** Nothing on the host is a peer of a new filesystem: what counts are mounts that the container makes from it. */
  readonly propagation?: Propagation;
}

/** An empty filesystem in memory. */
export interface TmpfsEntry extends MountAttributes {
  readonly kind: 'tmpfs';
  readonly target: string;
  /** Most that fits in, in bytes; half of the memory when left out. */
  readonly size?: number;
  /** Permissions of its root; 0o1777 when left out. */
  readonly mode?: number;
}

/** What a procfs shows. */
export interface ProcfsOptions {
  /** `pid`: only the processes, nothing of the rest of the kernel such as `/proc/sys` and `/proc/kcore`. */
  readonly subset?: 'pid';
  /**
   * Who sees the processes of others: `noaccess` (their files can't be read), `invisible` (they don't appear), `ptraceable` (only
   * those appear that the reader may trace).
   */
  readonly hidepid?: HidePid;
}

/** See `hidepid=` in proc(5). */
export type HidePid = 'noaccess' | 'invisible' | 'ptraceable';

/** A filesystem of the kernel, as a fresh instance for this container. */
export interface IndependentEntry extends ProcfsOptions {
  readonly kind: 'independent';
  readonly name: IndependentName;
  /** Of `cgroup` only: its groups can be changed there, so that root inside can lift its own limits. */
  readonly writable?: boolean;
}

/** A file with given content, read-only, which exists in the container only. */
export interface FileEntry {
  readonly kind: 'file';
  readonly target: string;
  /** The content as UTF-8, or as base64. */
  readonly content: { readonly text: string } | { readonly base64: string };
  /** Permissions; 0o644 when left out. The owner is root of the container. */
  readonly mode?: number;
}

/** A throw-away writable layer over a directory of the container. */
export interface OverlayEntry {
  readonly kind: 'overlay';
  /** The directory, as it stands when this entry is reached. What is mounted below it appears empty. */
  readonly target: string;
  /** Permissions of the directory as the container sees it; 0o755 when left out. Its owner is root of the container. */
  readonly mode?: number;
  /** Passed over, and the directory stays as it is, where it isn't there, is a link, or can't be laid over. */
  readonly optional?: boolean;
}

/** The host's name resolution: `resolv.conf` and `hosts`, read-only. */
export interface NetworkEtcEntry {
  readonly kind: 'network-etc';
  /** Directory on the host. */
  readonly hostEtc: string;
}

/** A device, or a fifo (`p`). */
export interface DeviceNode {
  /** Absolute path inside. */
  readonly path: string;
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  /** Permissions; 0o666 when left out. */
  readonly mode?: number;
  /** Owner, as seen inside; root when left out. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Devices and links; in a user namespace the devices are those of the host at the same path. What is there already stays. */
export interface NodesEntry {
  readonly kind: 'nodes';
  readonly devices: readonly DeviceNode[];
  /** Symbolic links: path inside, and where it leads. */
  readonly links?: readonly (readonly [path: string, to: string])[];
}

/** One mount; they are made in the order of the list. */
export type MountEntry =
  BindEntry | FilesystemEntry | TmpfsEntry | IndependentEntry | OverlayEntry | FileEntry | NetworkEtcEntry | NodesEntry;

/** The section `mounts` of a spec. */
export interface MountsSection {
  /** Undefined: the root directory of the host. */
  readonly rootfs?: Rootfs;
  /** Mount points that are missing are made in the root directory itself, as OCI runtimes do; else only in what is thrown away. */
  readonly stubs?: boolean;
  /** Whether mounts of the host come into the container later (`slave`), or none (`private`); private when left out. */
  readonly propagation?: 'private' | 'slave';
  /** Undefined: pivot_root with a new mount namespace, else chroot. */
  readonly entry?: RootEntry;
  /** Nothing in the root can be changed, except in mounts of their own. */
  readonly readonly?: boolean;
  /** Whose user namespace tells how owners of the root's files appear. */
  readonly idmap?: MountIdMap;
  readonly entries: readonly MountEntry[];
  /** Absolute path on the host where LXCFS is mounted, whose files replace their namesakes in /proc and /sys. */
  readonly lxcfs?: string;
  /** Paths inside that can't be changed, with everything below. */
  readonly readonlyPaths?: readonly string[];
  /** Paths inside that appear empty. */
  readonly masked?: readonly string[];
}

/** Nothing asked: the container sees the tree of its caller. */
export const emptySection: MountsSection = { entries: [] };
