/** Numbers of the kernel's mount interface. */
import type { Flags } from '@haco/plan';

/** Directory argument of the `…at` calls: relative paths start at the working directory. */
export const AT_FDCWD: Flags = { flags: ['AT_FDCWD'], value: -100 };

/** Flags of the `…at` calls. */
export const atFlags = { AT_SYMLINK_NOFOLLOW: 0x100, AT_EMPTY_PATH: 0x1000, AT_RECURSIVE: 0x8000 } as const;

/** open_tree(2). */
export const openTreeFlags = {
  OPEN_TREE_CLONE: 0x1,
  OPEN_TREE_CLOEXEC: 0o2000000,
  AT_EMPTY_PATH: 0x1000,
  AT_RECURSIVE: 0x8000,
} as const;

/** move_mount(2). */
export const moveMountFlags = { MOVE_MOUNT_F_EMPTY_PATH: 0x4, MOVE_MOUNT_T_EMPTY_PATH: 0x40 } as const;

/** fsopen(2), fsmount(2). */
export const fsopenFlags = { FSOPEN_CLOEXEC: 0x1 } as const;
export const fsmountFlags = { FSMOUNT_CLOEXEC: 0x1 } as const;

/** Commands of fsconfig(2). */
export const fsconfigCommands = { FSCONFIG_SET_FLAG: 0, FSCONFIG_SET_STRING: 1, FSCONFIG_CMD_CREATE: 6 } as const;

/** Attributes of fsmount(2) and mount_setattr(2). */
export const mountAttributes = {
  MOUNT_ATTR_RDONLY: 0x1,
  MOUNT_ATTR_NOSUID: 0x2,
  MOUNT_ATTR_NODEV: 0x4,
  MOUNT_ATTR_NOEXEC: 0x8,
  MOUNT_ATTR_NOATIME: 0x10,
  MOUNT_ATTR_STRICTATIME: 0x20,
  MOUNT_ATTR__ATIME: 0x70,
  MOUNT_ATTR_NODIRATIME: 0x80,
  MOUNT_ATTR_NOSYMFOLLOW: 0x20_0000,
  MOUNT_ATTR_IDMAP: 0x10_0000,
} as const;

/** Flags of mount(2). */
export const mountFlags = {
  MS_RDONLY: 0x1,
  MS_NOSUID: 0x2,
  MS_NODEV: 0x4,
  MS_NOEXEC: 0x8,
  MS_REMOUNT: 0x20,
  MS_NOSYMFOLLOW: 0x100,
  MS_NOATIME: 0x400,
  MS_NODIRATIME: 0x800,
  MS_BIND: 0x1000,
  MS_REC: 0x4000,
  MS_UNBINDABLE: 0x2_0000,
  MS_PRIVATE: 0x4_0000,
  MS_SLAVE: 0x8_0000,
  MS_SHARED: 0x10_0000,
  MS_STRICTATIME: 0x100_0000,
} as const;

/** socketpair(2). */
export const socketFlags = { AF_UNIX: 1, SOCK_SEQPACKET: 5, SOCK_CLOEXEC: 0o2000000 } as const;

/** sendmsg(2), recvmsg(2). */
export const messageFlags = { SOL_SOCKET: 1, SCM_RIGHTS: 1, MSG_CMSG_CLOEXEC: 0x4000_0000 } as const;

/** fcntl(2). */
export const fcntlCommands = { F_GETFD: 1, F_DUPFD_CLOEXEC: 1030 } as const;

/** umount2(2). */
export const umountFlags = { MNT_DETACH: 0x2 } as const;

/** A pointer to nothing, as strace prints it. */
export const NULL: Flags = { flags: ['NULL'], value: 0 };

/** statx(2). */
export const statxMask = { STATX_BASIC_STATS: 0x7ff } as const;

/** Places in `struct statx`, in bytes. */
export const statxFields = {
  /** The high byte of `stx_mode`, which holds the type. */
  type: 29,
  inode: 32,
  /** Of a device node; major and minor of the filesystem follow. */
  rdev: 128,
  /** Of the structure. */
  size: 256,
} as const;

/** Modes of faccessat2(2). */
export const accessModes = { W_OK: 2 } as const;

const fileTypes = { S_IFREG: 0o100000, S_IFCHR: 0o020000, S_IFBLK: 0o060000, S_IFIFO: 0o010000 } as const;

/** Permissions in octal, as people read them; for mknodat(2) with the type of the file. */
export function mode(permissions: number, type?: keyof typeof fileTypes): Flags {
  const octal = `0${permissions.toString(8)}`;
  return type === undefined
    ? { flags: [octal], value: permissions }
    : { flags: [type, octal], value: fileTypes[type] + permissions };
}

/** A device number. Both parts of those that are made here fit into a byte. */
export function makedev(major: number, minor: number): Flags {
  return { flags: [`makedev(${String(major)}, ${String(minor)})`], value: major * 256 + minor };
}
