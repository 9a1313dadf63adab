/** The profile of haco: what ordinary programs need, and a reason for everything that they don't get. */
import { plain } from '@haco/plan';
import type { SeccompProfile, SeccompRule } from './profile.js';

/** System calls with one reason. */
interface Group {
  readonly why: string;
  readonly names: string;
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Allowed without looking at arguments. */
const allowed: readonly Group[] = [
  {
    why: 'files and directories: access control and mounts decide',
    names: `access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
      fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync flock fstat fstatfs fsync ftruncate futimesat
      getcwd getdents getdents64 lchown link linkat lseek lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pread64
      preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile
      splice stat statfs statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat
      utimes vmsplice write writev`,
  },
  {
    why: 'extended attributes: those that matter for security are guarded by capabilities',
    names: `fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr
      lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  },
  {
    why: 'watching files and waiting for descriptors',
    names: `epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 inotify_add_watch
      inotify_init inotify_init1 inotify_rm_watch pipe pipe2 poll ppoll pselect6 select signalfd signalfd4 timerfd_create
      timerfd_gettime timerfd_settime`,
  },
  {
    why: 'asynchronous I/O of databases (not io_uring)',
    names: 'io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit',
  },
  {
    why: 'memory of the process itself',
    names: `brk madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap mseal msync munlock munlockall
      munmap map_shadow_stack pkey_alloc pkey_free pkey_mprotect`,
  },
  {
    why: 'processes and threads; namespaces are looked at below',
    names: `arch_prctl execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv futex_wake get_robust_list
      get_thread_area getpgid getpgrp getpid getppid getsid gettid kill pidfd_open pidfd_send_signal prctl process_mrelease
      restart_syscall rseq set_robust_list set_thread_area set_tid_address setpgid setsid tgkill tkill vfork wait4 waitid`,
  },
  {
    why: 'users, groups and capabilities: they can only become fewer',
    names: `capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid setgid setgroups
      setregid setresgid setresuid setreuid setuid`,
  },
  {
    why: 'signals',
    names: `alarm pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
      rt_tgsigqueueinfo sigaltstack`,
  },
  {
    why: 'time, as far as it is only read, and timers',
    names: `clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
      timer_getoverrun timer_gettime timer_settime times`,
  },
  {
    why: 'scheduling and limits: below what the container has got',
    names: `getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max sched_get_priority_min
      sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr
      sched_setparam sched_setscheduler sched_yield setpriority setrlimit`,
  },
  {
    why: 'sockets that exist; which families can be opened is looked at below',
    names: `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto
      setsockopt shutdown socketpair`,
  },
  {
    why: 'System V and POSIX IPC: separated by the ipc namespace',
    names: `mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop
      semtimedop shmat shmctl shmdt shmget`,
  },
  {
    why: 'giving up rights further: a sandbox inside',
    names: 'landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp',
  },
  { why: 'what the machine is', names: 'getrandom sysinfo uname' },
];

/** Refused with EPERM, as if a capability were missing: programs that try them are prepared for that. */
const refused: readonly Group[] = [
  {
    why: 'mounts and roots: the tree was verified when the container was made (CVE-2025-31133)',
    names: `chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root umount2`,
  },
  { why: 'other namespaces', names: 'setns' },
  {
    why: 'code in the kernel, and another kernel',
    names: 'bpf delete_module finit_module init_module kexec_file_load kexec_load reboot',
  },
  {
    why: 'observing and changing other processes, the first thing that an exploit of a neighbour needs',
    names: 'kcmp perf_event_open pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  },
  {
    why: 'keyrings have no namespace: keys of the host would be in reach (CVE-2016-0728)',
    names: 'add_key keyctl request_key',
  },
  {
    why: 'io_uring makes system calls that no filter sees',
    names: 'io_uring_enter io_uring_register io_uring_setup',
  },
  { why: 'lets a program stop the kernel in the middle of a copy, which exploits need', names: 'userfaultfd' },
  {
    why: 'opens files by number, past directories and mounts (the "shocker" escape)',
    names: 'name_to_handle_at open_by_handle_at',
  },
  { why: 'watches or blocks the file accesses of others', names: 'fanotify_init fanotify_mark' },
  { why: 'hardware', names: 'ioperm iopl modify_ldt' },
  {
    why: 'state of the whole machine: clock, accounting, swap, quotas, kernel log, names',
    names: `acct adjtimex clock_adjtime clock_settime lookup_dcookie quotactl quotactl_fd setdomainname sethostname settimeofday
      swapoff swapon syslog vhangup`,
  },
  {
    why: 'placement on the nodes of the machine is for its owner',
    names: 'get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node',
  },
  { why: 'memory that not even the kernel can read, so nobody can look into it', names: 'memfd_secret' },
  {
    why: 'obsolete, kept only for programs of another age',
    names: '_sysctl nfsservctl remap_file_pages sysfs uselib ustat',
  },
];

function rules(groups: readonly Group[], rest: Omit<SeccompRule, 'names'>): readonly SeccompRule[] {
  return groups.map(({ why, names }) => ({ names: names.trim().split(/\s+/), ...rest, comment: why }));
}

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const namespaceFlags = 0x7e02_0000;
const CLONE_NEWTIME = 0x80;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: without the last, nobody could list addresses. */
const families = [1, 2, 10, 16];
/** ADDR_NO_RANDOMIZE, UNAME26, both, PER_LINUX32, and the question which it is: what shells and test suites use. */
const personalities = [0, 0x0004_0000, 0x0002_0000, 0x0006_0000, 8, 0xffff_ffff];

const byArgument: readonly SeccompRule[] = [
  {
    names: ['clone'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    comment: 'a nested user namespace gives root the whole attack surface of the kernel: threads and children only',
  },
  {
    names: ['unshare'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: namespaceFlags + CLONE_NEWTIME, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    comment: 'for the same reason: only what threads share',
  },
  ...families.map((value): SeccompRule => ({
    names: ['socket'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
    comment:
      'not AF_VSOCK, which reaches the hypervisor past the network namespace, nor seldom used families with their bugs',
  })),
  ...personalities.map((value): SeccompRule => ({
    names: ['personality'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
    comment: 'not READ_IMPLIES_EXEC and others that undo protections',
  })),
];

/** TIOCSTI puts text into the input of a terminal, TIOCLINUX can paste: both let a program type for who started it. */
const terminalCommands = [0x5412, 0x541c];

/**
 * Comes before {@link main}, since a list of allowed calls can't say "all but these values". The kernel looks at the lower 32 bits of
 * the request only, so does the mask: a comparison of all 64 was a hole (CVE-2019-10063).
 */
const first: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    ...terminalCommands.map((command): SeccompRule => ({
      names: ['ioctl'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: EPERM,
      args: [{ index: 1, value: 0xffff_ffff, valueTwo: command, op: 'SCMP_CMP_MASKED_EQ' }],
      comment: 'typing for the terminal of who started it (CVE-2017-5226)',
    })),
    ...[namespaceFlags, CLONE_NEWTIME].flatMap((mask) =>
      flagsIn(mask).map((flag): SeccompRule => ({
        names: mask === namespaceFlags ? ['clone', 'unshare'] : ['unshare'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: EPERM,
        args: [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }],
        comment: 'no new namespaces',
      })),
    ),
    {
      names: ['socket'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: EAFNOSUPPORT,
      args: [{ index: 0, value: 16, op: 'SCMP_CMP_GT' }],
      comment: 'as a kernel without the family answers',
    },
  ],
};

function flagsIn(mask: number): readonly number[] {
  return Array.from({ length: 31 }, (_, bit) => 2 ** bit).filter((flag) => (mask & flag) !== 0);
}

const main: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  // What is in none of the groups is clone3, whose flags can't be seen (glibc then uses clone), calls of other architectures,
  // and those younger than this list: programs take ENOSYS for an older kernel and do without.
  defaultErrnoRet: ENOSYS,
  syscalls: [
    ...rules(allowed, { action: 'SCMP_ACT_ALLOW' }),
    { names: ['ioctl'], action: 'SCMP_ACT_ALLOW', comment: 'what of it is refused has been refused before' },
    ...rules(refused, { action: 'SCMP_ACT_ERRNO', errnoRet: EPERM }),
    ...byArgument,
  ],
};

/** The profile `default`: a call must pass the first and then the second. */
export const defaultProfile: readonly [SeccompProfile, SeccompProfile] = plain([first, main]);
