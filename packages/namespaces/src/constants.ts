/** Numbers of the kernel's interface that these steps use. */
import type { Flags } from '@haco/plan';

/** Directory argument of the `…at` calls: relative paths start at the working directory. */
export const AT_FDCWD: Flags = { flags: ['AT_FDCWD'], value: -100 };

/** Flags of open_tree(2). */
export const openTreeFlags = { OPEN_TREE_CLONE: 0x1, OPEN_TREE_CLOEXEC: 0o2000000 } as const;

/** Flags of move_mount(2). */
export const moveMountFlags = { MOVE_MOUNT_F_EMPTY_PATH: 0x4 } as const;

/** Flags of umount2(2). */
export const umountFlags = { MNT_DETACH: 0x2, UMOUNT_NOFOLLOW: 0x8 } as const;

/** ioctl_ns(2): answers with the kind of namespace for a namespace file, with ENOTTY for any other file. */
export const NS_GET_NSTYPE: Flags = { flags: ['NS_GET_NSTYPE'], value: 0xb703 };

/** prctl(2). */
export const PR_SET_DUMPABLE: Flags = { flags: ['PR_SET_DUMPABLE'], value: 4 };

/** Commands of fcntl(2). */
export const fcntlCommands = { F_GETFD: 1, F_DUPFD_CLOEXEC: 1030 } as const;
