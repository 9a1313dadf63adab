/** What an errno mostly means, for calls without a row of their own. */
import { ownMistake } from './hint-table.js';

export const generalHints: Readonly<Record<string, string>> = {
  EPERM:
    'a privilege is missing, or a security module or an outer seccomp filter forbids it; run as root, or see what check() says about this host',
  EACCES: 'access is denied to this user; change mode or owner, or run as root',
  ENOENT: 'something on the path is not there; create it or correct the path',
  ENOTDIR: 'a part of the path is a file where a directory is needed; correct the path',
  EISDIR: 'it is a directory where a file is needed; correct the path',
  EEXIST: 'it is there already; remove it or choose another name',
  EROFS: 'the file system is read-only; use a writable one',
  EXDEV: 'it crosses a border between mounts or leads out of the root; keep both ends on one side',
  ELOOP: 'the path runs in a circle of symbolic links, or through one where none is followed; give the real path',
  ENAMETOOLONG: 'a name is longer than 255 bytes, or a path longer than 4095; shorten it',
  ENOSYS: 'this kernel has no such call, or an outer sandbox hides it; upgrade, or loosen the outer seccomp profile',
  EOPNOTSUPP: 'the kernel or the file system does not support this here; choose another way',
  ENOTSUPP: 'the kernel or the file system does not support this here; choose another way',
  ENODEV: 'the kernel lacks the driver or file system; load its module or use another kernel',
  EINVAL:
    'the kernel does not take these arguments; it may be too old for one of them, see what check() says about this host',
  E2BIG: 'the argument is longer than this kernel takes; it may be too old for it',
  EBUSY: 'it is in use; stop what uses it and try again',
  EAGAIN: 'it is not possible at the moment; try again, or raise the limit that is reached',
  EINTR: 'a signal came in between; try again',
  ENOMEM: 'the kernel has no memory for it; free some or raise the memory limit',
  EMFILE: 'this process has as many files open as RLIMIT_NOFILE allows; close some or raise "ulimit -n"',
  ENFILE: 'the machine has as many files open as fs.file-max allows; close some or raise that sysctl',
  ENOSPC: 'no space is left, or a count is exhausted; free some or raise the limit',
  EDQUOT: 'the disk quota of the user is used up; free some space',
  ESRCH: 'the process has ended; start again',
  EIO: 'a device failed, or less was done than asked; try again and look at dmesg',
  EFAULT: ownMistake,
  EBADF: ownMistake,
};
