/** What errnos of calls on files and descriptors mean. */
import { type HintTable } from './hint-table.js';

const idInvalid = 'the id is negative or has no mapping in the user namespace; add it to the id map or choose another';

export const fileHints = {
  'fchdir chdir': {
    ENOENT: 'the directory is not there inside the container; create it in the rootfs or choose another workdir',
    ENOTDIR: 'it is a file, not a directory; choose another workdir',
    EACCES: "the container's user may not enter the directory; change its mode or choose another workdir",
  },
  chdir: {
    ELOOP: 'the path runs in a circle of symbolic links; give the real path',
  },
  openat2: {
    ENOENT: 'it is not there, seen from inside the root; create it or correct the path',
    EXDEV: 'the path leads out of the root, which is refused; give one that stays inside',
    ELOOP:
      'the path runs in a circle of symbolic links or through a magic link of /proc, which is refused; give the real path',
    EAGAIN:
      'somebody renames directories in the root at this moment, so the path could not be followed safely; try again',
    ENOSYS:
      'the kernel is older than 5.6, or an outer seccomp filter hides the call; upgrade, or loosen the outer profile',
    E2BIG: 'the kernel is too old for one of the ways in which the path is to be followed; upgrade',
  },
  openat: {
    ENOENT: 'it is not there; create it or correct the path',
    ELOOP: 'the path runs in a circle of symbolic links, or ends in one where none is followed; give the real path',
    EXDEV: 'the path leads out of the root, which is refused; give one that stays inside',
  },
  'openat2 @mounts': {
    ELOOP:
      'the path runs in a circle of symbolic links, through a magic link of /proc, or through any link where a file system of the kernel belongs (CVE-2019-19921); put a directory in its place in the root',
  },
  'openat2 @mounts.readonly-paths': {
    ENOENT:
      'it is not there, and the container could make it in this tree of the host: create it first, name the directory above it, or use an overlay (chroot(root, { overlay: true }) or overlay(directory))',
  },
  'faccessat2 @mounts.readonly-proof': {
    EIO: 'it can be written to all the same: the mount went elsewhere, because somebody exchanges directories in the root at this moment (CVE-2025-52881); look who writes there, and start again',
  },
  'openat2 @mounts.pinned': {
    ENOENT:
      'a directory above a read-only path is not there, and the container could make both in this tree of the host: create them first, name a directory that is there, or use an overlay (chroot(root, { overlay: true }) or overlay(directory))',
  },
  'openat openat2': {
    ENOTDIR: 'a part of the path is a file where a directory is needed; correct the path',
    EACCES: 'this user may not open it, or may not search a directory above it; change its mode or run as its owner',
    EPERM: 'the file is immutable, or a security module forbids to open it; see lsattr and dmesg',
    EROFS: 'the file system is read-only; use a writable mount, such as a tmpfs or an overlay, for this path',
    EISDIR: 'it is a directory where a file is needed; correct the path',
    ENXIO: 'the device, or the reader of the fifo, is not there; start the other end first',
    ENODEV: 'the driver of the device is not loaded; load it with modprobe',
    EEXIST: 'a file of that name is there already; remove it or choose another name',
    ETXTBSY: 'the program is running; wait for its end',
  },
  mkdirat: {
    EEXIST: 'something of that name is there already; remove it or choose another name',
    EACCES: 'this user may not write in the directory above; change its mode or owner',
    ENOENT: 'the directory above is not there; create it first',
    ENOTDIR: 'a part of the path is a file; remove it or choose another path',
    EPERM: 'this file system has no directories to be made; choose another place',
  },
  'mkdirat mknodat symlinkat linkat': {
    EROFS: 'the file system is read-only; put it on a writable mount, or create the path in the rootfs beforehand',
  },
  mknodat: {
    EPERM: 'devices can be made by root of the host only, not in a user namespace; bind them from the host instead',
    EEXIST: 'something of that name is there already; remove it from the rootfs',
    EACCES: 'this user may not write in the directory above; change its mode or owner',
  },
  symlinkat: {
    EEXIST: 'something of that name is there already; remove it from the rootfs',
  },
  unlinkat: {
    EBUSY: 'it is in use, e.g. as a mount point; unmount it first',
    ENOTEMPTY: 'the directory is not empty; remove its content first',
    ENOENT: 'it is gone already',
  },
  'fchownat fchown': {
    EPERM: "changing the owner needs CAP_CHOWN over the file's ids; run as root",
    EINVAL: idInvalid,
  },
  'fchmodat fchmod': {
    EPERM: 'only the owner or root may change the mode; run as its owner',
  },
  write: {
    EIO: 'the kernel took only a part of what was written; try again',
    EPERM: 'the kernel refuses this value, or this writer; run as root',
    EINVAL: 'the kernel does not take this value in this file; correct it',
    EBUSY: 'the thing behind the file is in use; try again later',
    EPIPE: 'nobody reads the other end any more',
    EFBIG: 'the file would exceed RLIMIT_FSIZE or what the file system can hold; raise the limit',
  },
  read: {
    EIO: 'fewer bytes came than were expected, or the device failed; try again',
    EAGAIN: 'there is nothing to read yet; try again',
    EISDIR: 'it is a directory; give a file',
  },
  memfd_create: {
    EACCES:
      'vm.memfd_noexec is 2, which forbids programs in memory files; set it to 1 or 0, or let HACO_INIT name the launcher on disk',
    EINVAL: 'the kernel is older than 6.3 and does not know this flag; try without',
    ENOSYS: 'the kernel has no memory files, or an outer seccomp filter hides the call; loosen the outer profile',
  },
  close_range: {
    ENOSYS:
      'the kernel is older than 5.9, or an outer seccomp filter hides the call; upgrade, or loosen the outer profile',
    EINVAL: 'the kernel is older than 5.11 and does not know this flag; upgrade',
  },
  'pipe2 openat openat2 dup3 memfd_create epoll_create1 pidfd_open open_tree fsopen fsmount': {
    EMFILE: 'this process has as many files open as RLIMIT_NOFILE allows; close some or raise "ulimit -n"',
  },
  dup3: {
    EBADF: 'the number is above RLIMIT_NOFILE, or the descriptor is closed; raise "ulimit -n"',
  },
  ioctl: {
    ENOTTY: 'the descriptor is not a terminal, or does not know this request',
    EPERM: 'the terminal controls another session already; each terminal has one session only',
    EIO: 'the terminal was hung up, or the process is in the background of it',
    EINVAL: 'the device does not know this request or this value',
    ENXIO: 'the terminal has no other end any more',
  },
  'ioctl @network.loopback': {
    EPERM:
      'changing an interface needs CAP_NET_ADMIN in the user namespace that owns this network namespace; keep it, or run as root',
  },
  socket: {
    EAFNOSUPPORT: 'this kernel lacks the protocol family; load its module',
  },
} as const satisfies HintTable;
