/** What errnos of calls on mounts and roots mean. */
import { ownMistake, type HintTable } from './hint-table.js';

const needsAdmin = "it needs CAP_SYS_ADMIN over the mount namespace; run as root or add unshare('user', 'mount')";
const tooManyMounts =
  'the mount namespace has as many mounts as fs.mount-max allows; unmount some or raise that sysctl';

/** The first mount of every new mount namespace. */
const plainChroot = {
  EINVAL:
    'the root directory of this process is no mount point, as in a plain chroot; bind mount that root onto itself before it is entered, or do without a mount namespace',
};

export const mountHints = {
  compare: {
    ESTALE:
      'what the kernel shows there is something else, put there by whoever can change that directory; nothing was started, look at it before trusting the root again',
  },
  open_tree: {
    EPERM: needsAdmin,
    EINVAL:
      "the mount can't be copied: it is unbindable, it belongs to another mount namespace, or a copy without what is mounted below it would uncover locked parts; use a recursive bind",
    ENOENT: 'the source of the bind mount is not there; create it or correct the path',
    ENOTDIR: 'a part of the path is a file where a directory is needed; correct the path',
    ELOOP: 'the path runs in a circle of symbolic links; give the real path',
    EACCES: "a directory on the path can't be searched by this user; change its mode or choose another source",
    ENOSPC: tooManyMounts,
  },
  'open_tree fsopen fsconfig fsmount move_mount fspick': {
    ENOSYS:
      'the kernel is older than 5.2, or an outer seccomp filter hides the call; upgrade, or loosen the outer profile',
  },
  move_mount: {
    EPERM: needsAdmin,
    EINVAL:
      "the mount can't go there: the target is in another mount namespace, or a mount is moved out from under a shared parent; make the propagation private first",
    EBUSY: 'something is mounted there already that keeps others off; choose another target',
    ENOENT: 'the target is not there or was removed meanwhile; create it in the rootfs',
    ELOOP: 'the target lies inside the mount itself; choose another target',
    ENOSPC: tooManyMounts,
  },
  'move_mount mount': {
    ENOTDIR: 'one side is a directory and the other a file; bind files on files and directories on directories',
  },
  fsopen: {
    EPERM: needsAdmin,
    ENODEV:
      'this kernel does not know the file system type, or its module is not loaded; see /proc/filesystems, load it with modprobe',
  },
  fsconfig: {
    EPERM:
      "the file system can't be mounted from this user namespace: some need root, and procfs needs its own pid, sysfs its own net, mqueue its own ipc, cgroup its own cgroup namespace; unshare that kind too",
    EINVAL:
      'the file system refuses an option or its value (for overlay also: layers nested more than two deep, or upper and work directory on different mounts); see dmesg',
    ENOENT: 'a directory or device that an option names is not there; create it or correct the path',
    EBUSY:
      'the file system, or the upper or work directory of the overlay, is in use by another mount; give each overlay its own',
    ELOOP: 'layers of the overlay lie inside each other; use separate directories',
    ENODEV: 'this kernel lacks what the file system needs; see dmesg',
    ENOTDIR: 'a layer is a file where a directory is needed; correct the path',
    EACCES:
      "a directory that an option names can't be searched or written by this user; change its mode or choose another",
    ENOMEM: 'the kernel has no memory for another file system; free some',
    ENOSPC:
      'no more file systems of this kind may be made, e.g. fs.mqueue or kernel.pty.max is reached; raise the limit',
    EOPNOTSUPP:
      "the file system below can't do what an option asks, e.g. extended attributes for an overlay's upper directory; use another one",
    EROFS:
      'the upper or work directory of the overlay is on a read-only file system; put both on a writable one, such as a tmpfs',
  },
  fsmount: {
    EPERM:
      'the kernel shows a user namespace no more of procfs or sysfs than it sees already, and here parts of it are masked (an outer container does that); bind the existing one or unmask it outside',
    EINVAL: `the file system was not configured completely before it was mounted; ${ownMistake}`,
    EBUSY: 'the file system is still being configured by somebody else; try again',
    ENOSPC: tooManyMounts,
  },
  mount_setattr: {
    EPERM:
      "the mount's flags are locked because it comes from a more privileged mount namespace: read-only, nosuid, nodev, noexec stay on; keep them in the options",
    EINVAL:
      "the mount can't take these attributes: the file system has no idmapped mounts (or the mount isn't a detached one), or this isn't the root of a mount",
    EBUSY: "files on the mount are open for writing, so it can't become read-only; close them first",
    ENOSYS:
      'the kernel is older than 5.12, or an outer seccomp filter hides the call; upgrade, or loosen the outer profile',
    EBADF: "the descriptor isn't that of a user namespace; give one with an id map",
  },
  'mount umount2': {
    EPERM: needsAdmin,
  },
  mount: {
    EINVAL:
      "the mount isn't possible so: an unknown option, a target that is no mount point (for a remount or a change of propagation), a locked mount, or overlay layers nested more than two deep; see dmesg",
    ENOENT: 'the source or the target is not there; create it or correct the path',
    ENODEV:
      'this kernel does not know the file system type, or its module is not loaded; see /proc/filesystems, load it with modprobe',
    EBUSY:
      'the source or the target is in use: mounted already, or files are open for writing; unmount or close it first',
    EACCES: "a directory on the path can't be searched, or the device is read-only; change its mode or mount read-only",
    EROFS: 'the device or the directory of the overlay is read-only; mount read-only or use another',
    ENOTBLK: 'the file system needs a block device as its source; give one',
    ENXIO: 'the device does not exist; check its number',
    ELOOP:
      'the path runs in a circle of symbolic links, the target lies inside the source, or layers of an overlay lie inside each other; use separate directories',
    ENOSPC: tooManyMounts,
  },
  'mount @mounts.private': plainChroot,
  'mount @mounts.slave': plainChroot,
  umount2: {
    EBUSY: 'the mount is in use: a process has its working directory or open files there; end it, or detach lazily',
    EINVAL: "it isn't a mount point, or it is locked because it comes from a more privileged mount namespace",
    ENOENT: 'the mount point is gone already',
    EAGAIN: 'it was used since it was marked as expired; try again',
  },
  pivot_root: {
    EPERM: needsAdmin,
    EINVAL:
      'the new root is not a mount of its own, its parent mount is shared, or the present root is the initramfs, which cannot be left; use a true chroot there',
    EBUSY: 'the new root is the present root, or is on the same mount; choose another directory',
    ENOTDIR: 'the new root is not a directory; give one',
    ENOENT: 'the new root was removed meanwhile; create it again',
  },
  chroot: {
    EPERM: "it needs CAP_SYS_CHROOT; run as root or add unshare('user')",
    ENOENT: 'the root directory is not there; create it or correct the path',
    ENOTDIR: 'the root is a file; give a directory',
    EACCES: "the root directory, or one above it, can't be searched by this user; give it the mode o+x",
  },
} as const satisfies HintTable;
