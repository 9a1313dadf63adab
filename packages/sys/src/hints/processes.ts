/** What errnos of calls on processes and namespaces mean. */
import { type HintTable } from './hint-table.js';

export const processHints = {
  'clone3 unshare': {
    EPERM:
      "new namespaces need CAP_SYS_ADMIN, which this process lacks: run as root or add unshare('user'); if it is there already, the host forbids user namespaces to ordinary users, or this process lives in a chroot",
    EACCES:
      'a security module forbids user namespaces (on Ubuntu see kernel.apparmor_restrict_unprivileged_userns), or the cgroup to start in belongs to somebody else',
    ENOSPC:
      'no more namespaces of some kind: a limit in /proc/sys/user/max_*_namespaces is reached or 0, or they are nested 32 deep; raise the limit with sysctl',
    EUSERS: 'user namespaces are nested too deeply or too many; raise /proc/sys/user/max_user_namespaces',
    EINVAL:
      'this kernel lacks one of the kinds of namespaces, or the kinds contradict each other; compare with ls /proc/self/ns',
  },
  clone3: {
    EAGAIN:
      'no more processes: pids.max of the cgroup, "ulimit -u" or kernel.pid_max is reached; stop some or raise the limit',
    EEXIST: 'the wanted process id is taken in the pid namespace; ask for another or for none',
    ENOMEM:
      'the kernel has no memory for another process, or the init of the joined pid namespace has ended; then join a living one',
    ENOSYS:
      'the kernel is older than 5.3, or an outer seccomp filter hides the call (as Docker does by default); loosen the outer profile',
    E2BIG: "this kernel can't start a process inside a cgroup (since 5.7); join the group by writing to cgroup.procs",
    EBUSY:
      "the cgroup enables controllers for its children, so it can't have processes of its own; use a group below it",
    EOPNOTSUPP: 'the cgroup is in the state "domain invalid" below a threaded group; use another group',
    EBADF: "the descriptor isn't that of a cgroup v2 directory; give a directory below the v2 hierarchy",
  },
  unshare: {
    ENOMEM: 'the kernel has no memory for another namespace; free some',
  },
  setns: {
    EPERM:
      "joining needs CAP_SYS_ADMIN over the namespace's owner (for a mount namespace CAP_SYS_CHROOT too); run as root or join the user namespace that owns it first",
    EINVAL:
      "the file isn't a namespace of this kind, or it can't be joined from here: it is the own user namespace, or the kernel is older than 5.8 and can't join by pidfd",
    EBADF:
      "the descriptor doesn't stand for a namespace; give a file such as /proc/<pid>/ns/net or one kept with persist()",
    ESRCH: 'the process whose namespaces were to be joined has ended; join a living one',
    EUSERS: 'the time namespace can only be joined by a process with one thread; this one has more',
    ENOMEM: 'the kernel has no memory for this; free some',
    ENOSYS: 'an outer seccomp filter hides the call; loosen the outer profile',
  },
  pidfd_open: {
    ESRCH: 'no process has this id any more; it ended, or it is in another pid namespace',
    EINVAL: "the id isn't that of a whole process; give the id of the process, not of a thread",
    ENOSYS: 'the kernel is older than 5.3, or an outer seccomp filter hides the call',
  },
  'pidfd_send_signal kill tgkill': {
    ESRCH: 'the process has ended already; there is nothing left to signal',
    EPERM:
      'the process belongs to another user, or to a pid namespace that is not below this one; run as its owner or as root',
    EINVAL: 'there is no such signal; see kill -l',
  },
  pidfd_send_signal: {
    ENOSYS: 'the kernel is older than 5.1, or an outer seccomp filter hides the call',
  },
  'write @process.oom-score': {
    EACCES:
      "a score below the caller's takes CAP_SYS_RESOURCE, which this process (or its outer container) lacks; ask for a higher one with oomScoreAdj()",
  },
  sched_setattr: {
    EPERM:
      "a realtime policy, a deadline or a nice value below the caller's takes CAP_SYS_NICE over the host, which root of a user namespace lacks; with it, the cgroup has no time for realtime processes, which resources({ cpu: { realtime: … } }) gives, or a deadline was asked for on some of the processors only",
    EINVAL:
      'the kernel does not take these values: periods of deadlines are within sched_deadline_period_min_us and _max_us of /proc/sys/kernel, and flags may be newer than the kernel; correct the values',
    EBUSY: 'the processors have no time left for this deadline; ask for less run time, or a longer period',
    E2BIG: "this kernel can't clamp the utilization of processes (since 5.3); leave the flags util_clamp_* out",
    EOPNOTSUPP: 'the kernel is built without CONFIG_UCLAMP_TASK; leave the flags util_clamp_* out',
    ENOSYS: 'an outer seccomp filter hides the call; loosen the outer profile, or leave scheduler() out',
  },
  ioprio_set: {
    EPERM:
      'the realtime class takes CAP_SYS_NICE over the host, which root of a user namespace lacks; ask for the class "be"',
    EINVAL: 'the kernel does not know the class, or the level is not 0 to 7; correct them',
    ENOSYS:
      'the kernel is built without CONFIG_BLOCK, or an outer seccomp filter hides the call; leave ioPriority() out',
  },
  sched_setaffinity: {
    EINVAL:
      'none of these processors is there, or in the cpuset of the group; see Cpus_allowed_list in /proc/self/status and lscpu',
    EPERM: 'an outer seccomp filter forbids the call; loosen the outer profile, or leave the processors out',
    EBUSY: 'the process has a deadline already, which counts on all of its processors; leave the processors out',
  },
  personality: {
    EINVAL: 'this processor runs no 32-bit programs, as many arm64 ones; leave personality() out',
    EPERM: 'an outer seccomp filter forbids this domain; loosen the outer profile, or leave personality() out',
  },
  pidfd_getfd: {
    EPERM: 'taking a descriptor needs the right to trace the process (CAP_SYS_PTRACE, yama); run as root',
  },
  'waitid wait4': {
    ECHILD: 'somebody else has reaped the process already; its exit status is lost',
  },
  setsid: {
    EPERM: 'the process leads a process group already; only a freshly cloned one can start a session',
  },
  setpgid: {
    EPERM: 'the process leads a session, or the group belongs to another one',
  },
  posix_spawn: {
    ENOENT:
      "the launcher isn't there: /proc isn't mounted, or HACO_INIT names no file; mount /proc or correct the variable",
    EACCES:
      'the launcher may not be run: vm.memfd_noexec is 2, or HACO_INIT is on a noexec mount or not executable; change that',
    EAGAIN:
      'no more processes: pids.max of the cgroup, "ulimit -u" or kernel.pid_max is reached; stop some or raise the limit',
    ENOMEM: 'there is no memory for another process; free some or raise the limit of the group that Node runs in',
    EPERM: 'an outer sandbox forbids to start the launcher; loosen its profile',
    ENOEXEC: "the launcher isn't built for this processor; unset HACO_INIT or rebuild it with npm run native",
    EBADF: 'a descriptor that was to be handed over is closed; keep streams open until start() has returned',
  },
} as const satisfies HintTable;
