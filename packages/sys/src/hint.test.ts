import { describe, expect, it } from 'vitest';
import { syscallNumbers } from './codec/numbers.generated.js';
import { errnoNumber } from './errno.js';
import { hintFor, hintRows } from './hint.js';
import { generalHints } from './hints/general.js';

describe('hintFor', () => {
  it('says what a missing privilege at the clone means', () => {
    expect(hintFor('clone3', 'EPERM')).toBe(
      "new namespaces need CAP_SYS_ADMIN, which this process lacks: run as root or add unshare('user'); if it is there already, the host forbids user namespaces to ordinary users, or this process lives in a chroot",
    );
  });

  it('knows that ENOSPC of a mount is a count, not a disk', () => {
    expect(hintFor('mount', 'ENOSPC')).toBe(
      'the mount namespace has as many mounts as fs.mount-max allows; unmount some or raise that sysctl',
    );
    expect(hintFor('move_mount', 'ENOSPC')).toBe(hintFor('mount', 'ENOSPC'));
  });

  it('tells apart what a write was for by the step', () => {
    expect(hintFor('write', 'EBUSY', 'cgroups.memory')).toBe(
      'the group already uses more than that and the kernel could not reclaim it; raise the limit or stop processes first',
    );
    expect(hintFor('write', 'EPERM', 'namespaces.uid-map')).toBe(
      "the id map isn't allowed: without root it may name only your own id, and setgroups must be denied before the gid map; use subordinate ids (newuidmap) or run as root",
    );
    expect(hintFor('write', 'EBUSY')).toBe('the thing behind the file is in use; try again later');
  });

  it('says what sparing a process takes', () => {
    expect(hintFor('write', 'EACCES', 'process.oom-score')).toBe(
      "a score below the caller's takes CAP_SYS_RESOURCE, which this process (or its outer container) lacks; ask for a higher one with oomScoreAdj()",
    );
  });

  it('prefers the longest beginning of the step, at whole words', () => {
    const enabling =
      'the group has processes of its own, and v2 enables controllers only for groups without; move them into a child group first';
    expect(hintFor('write', 'EBUSY', 'cgroups.enable')).toBe(enabling);
    expect(hintFor('write', 'EBUSY', 'cgroups.enable.v2')).toBe(enabling);
    expect(hintFor('write', 'EBUSY', 'cgroups.enabled')).toBe(hintFor('write', 'EBUSY', 'cgroups'));
    expect(hintFor('write', 'EBUSY', 'cgroupsx')).toBe(hintFor('write', 'EBUSY'));
  });

  it('explains why a command could not be executed', () => {
    expect(hintFor('execve', 'ENOENT')).toBe(
      "the command isn't in the container's root, or the interpreter that its #! line or its ELF header names isn't; give an absolute path that exists there, or add the interpreter and libraries to the root",
    );
    expect(hintFor('execve', 'EACCES')).toBe(
      "the file isn't executable for this user, a directory above it can't be searched, or its mount is noexec; chmod +x it, or mount without noexec",
    );
    expect(hintFor('execve', 'ENOEXEC')).toBe(
      'the file is neither a program for this processor nor a script with a #! line; check it with file(1)',
    );
    expect(hintFor('execveat', 'ENOENT')).toBe(hintFor('execve', 'ENOENT'));
  });

  it('explains ids that have no mapping', () => {
    expect(hintFor('setresuid', 'EINVAL')).toBe(
      'the id is negative or has no mapping in the user namespace; add it to the id map or choose another',
    );
  });

  it('gives a general answer for a call without a row', () => {
    expect(hintFor('getrandom', 'ENOSYS')).toBe(
      'this kernel has no such call, or an outer sandbox hides it; upgrade, or loosen the outer seccomp profile',
    );
    expect(hintFor('fchdir', 'EBADF')).toBe(
      'this is a mistake in haco, not yours; please report it with the plan that explain() prints',
    );
  });

  it('says at least what the word means for a rare errno, and for none of Linux', () => {
    expect(hintFor('getrandom', 'ENOLINK')).toBe('link was cut; see errno(3) and the man page of getrandom');
    expect(hintFor('x', 'errno 999')).toBe('unknown error; see errno(3) and the man page of x');
    expect(hintFor('x', 'constructor')).toBe('unknown error; see errno(3) and the man page of x');
  });
});

describe('the table of hints', () => {
  const rows = hintRows();

  it('has a row for each errno that plans meet', () => {
    const met: Readonly<Record<string, string>> = {
      clone3: 'EPERM ENOSPC EINVAL EAGAIN EEXIST ENOSYS ENOMEM',
      setns: 'EPERM EINVAL EBADF ESRCH',
      unshare: 'EPERM EINVAL ENOSPC',
      open_tree: 'EINVAL ENOENT EPERM ENOSYS ENOSPC',
      move_mount: 'EINVAL EBUSY ENOENT EPERM ENOSYS ENOSPC',
      fsopen: 'EPERM ENODEV ENOSYS',
      fsconfig: 'EINVAL EBUSY ENOENT EPERM ENOSYS ENODEV ELOOP',
      fsmount: 'EPERM EBUSY ENOSYS ENOSPC',
      mount_setattr: 'EINVAL EPERM ENOSYS',
      mount: 'EINVAL EBUSY ENOENT EPERM ENODEV ENOSPC ELOOP ENOTDIR',
      umount2: 'EBUSY EINVAL EPERM',
      pivot_root: 'EINVAL EBUSY EPERM',
      openat: 'ENOENT ENOTDIR EXDEV ELOOP EACCES EROFS EMFILE',
      openat2: 'ENOENT ENOTDIR EXDEV ELOOP EACCES EROFS ENOSYS EAGAIN',
      mkdirat: 'EEXIST EROFS ENOENT',
      write: 'EBUSY EINVAL ENOENT EACCES EOPNOTSUPP ENOSPC EPERM',
      execve: 'ENOENT EACCES ENOEXEC E2BIG ETXTBSY EPERM EAGAIN',
      chroot: 'EPERM ENOENT',
      fchdir: 'ENOENT EACCES',
      chdir: 'ENOENT EACCES',
      sethostname: 'EPERM EINVAL',
      setresuid: 'EPERM EINVAL EAGAIN',
      setresgid: 'EPERM EINVAL',
      setgroups: 'EPERM EINVAL',
      prctl: 'EPERM EINVAL EACCES',
      capset: 'EPERM',
      prlimit64: 'EPERM EINVAL',
      memfd_create: 'EACCES EINVAL',
      posix_spawn: 'ENOENT EACCES EAGAIN',
      mknodat: 'EPERM',
      ioctl: 'ENOTTY EPERM',
      setsid: 'EPERM',
      pidfd_send_signal: 'ESRCH EPERM',
    };
    const missing = Object.entries(met).flatMap(([syscall, errnos]) =>
      errnos
        .split(' ')
        .filter((errno) => !rows.some((row) => row.syscall === syscall && row.errno === errno))
        .map((errno) => `${syscall} ${errno}`),
    );
    expect(missing).toEqual([]);
  });

  it('has no row twice', () => {
    const keys = rows.map(({ syscall, errno, steps }) => `${syscall} ${errno} ${steps}`);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it('names calls and errnos that exist', () => {
    // glibc's function, and an operation of the launcher: no calls of the kernel.
    const known = new Set([...Object.keys(syscallNumbers.x64), 'posix_spawn', 'compare']);
    expect(rows.filter(({ syscall }) => !known.has(syscall)).map(({ syscall }) => syscall)).toEqual([]);
    const errnos = [...rows.map(({ errno }) => errno), ...Object.keys(generalHints)];
    expect(errnos.filter((errno) => errnoNumber(errno) === undefined)).toEqual([]);
  });

  it('has clauses in lower case without a full stop', () => {
    const texts = [...rows.map(({ hint }) => hint), ...Object.values(generalHints)];
    const wrong = texts.filter(
      (text) => /[.;,\s]$/.test(text) || /\n| {2}/.test(text) || !/^([a-z]|CAP_|Landlock)/.test(text),
    );
    expect(wrong).toEqual([]);
  });
});
