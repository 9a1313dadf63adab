/** What errnos of calls on names, ids, privileges, limits and filters mean. */
import { ownMistake, type HintTable } from './hint-table.js';

const idInvalid = 'the id is negative or has no mapping in the user namespace; add it to the id map or choose another';

export const privilegeHints = {
  'sethostname setdomainname': {
    EPERM: "it needs CAP_SYS_ADMIN over the uts namespace; run as root or add unshare('user', 'uts')",
    EINVAL: 'the name is longer than 64 bytes; shorten it',
  },
  'setresuid setuid': {
    EPERM: "changing the user needs CAP_SETUID; run as root or add unshare('user') with an id map that holds it",
    EAGAIN:
      'the user has as many processes as RLIMIT_NPROC allows, or the kernel could not allocate memory for it; stop some or raise "ulimit -u"',
  },
  'setresgid setgid': {
    EPERM: "changing the group needs CAP_SETGID; run as root or add unshare('user') with an id map that holds it",
  },
  setgroups: {
    EPERM:
      'supplementary groups need CAP_SETGID, and in a user namespace a gid map that was written from outside: one without subordinate ids denies setgroups; leave the groups out or use a range of subordinate ids',
    ENOMEM: 'the kernel has no memory for the list; shorten it',
  },
  'setresuid setuid setresgid setgid setgroups': {
    EINVAL: idInvalid,
  },
  capset: {
    EPERM:
      "a capability was asked for that the process doesn't hold; keep it in the permitted set, or run with more privileges",
    EINVAL: `the kernel does not know this version of capability sets; ${ownMistake}`,
  },
  prctl: {
    EPERM:
      'the process lacks the privilege: CAP_SETPCAP to drop bounding capabilities or to set securebits; an ambient capability must be permitted and inheritable first',
    EINVAL:
      'this kernel does not know the option or the value, e.g. a capability younger than itself; upgrade or leave it out',
  },
  'prctl seccomp': {
    EACCES: 'a seccomp filter needs no_new_privs or CAP_SYS_ADMIN; set no_new_privs first',
  },
  seccomp: {
    EINVAL: 'the kernel does not take the filter: malformed, too long, or with a flag that it lacks; check the profile',
    ENOMEM: 'the filters of this process are longer than the kernel allows together; shorten the profile',
    EBUSY: 'the process has a user notification filter already; only one is possible',
    ENOSYS: 'this kernel is built without seccomp; leave the profile out',
  },
  'prlimit64 setrlimit': {
    EPERM:
      'raising a hard limit needs CAP_SYS_RESOURCE on the host; ask for at most what "prlimit" shows, or run it with that',
    EINVAL: 'the soft limit is above the hard one, or the kernel does not know the kind; correct the values',
  },
  'prlimit64 setrlimit @rlimits.nofile': {
    EPERM:
      'raising a hard limit needs CAP_SYS_RESOURCE on the host, and RLIMIT_NOFILE never goes above fs.nr_open; ask for less',
  },
  prlimit64: {
    ESRCH: 'the process has ended; there is nothing left to limit',
  },
  'landlock_create_ruleset landlock_add_rule landlock_restrict_self': {
    ENOSYS: 'the kernel is older than 5.13 or built without Landlock; leave it out',
  },
  landlock_create_ruleset: {
    EOPNOTSUPP: 'Landlock is built in but switched off; add landlock to the lsm= boot parameter',
  },
  'landlock_create_ruleset landlock_add_rule': {
    EINVAL: 'the kernel does not know one of the access rights; ask for fewer',
  },
  landlock_restrict_self: {
    EPERM: 'Landlock needs no_new_privs or CAP_SYS_ADMIN; set no_new_privs first',
    E2BIG: 'Landlock rulesets are nested 16 deep at most; use fewer',
  },
  'openat2 @landlock': {
    ENOENT: 'the path is not there inside of the container; make it, or leave the rule out',
    EACCES: 'a directory above it is closed to the user that the command runs as; a rule below it would allow nothing',
    ELOOP: 'the path leads through a magic link of procfs; name the file itself',
  },
  'openat2 @lsm': {
    EXDEV:
      "something is mounted over this process's files in /proc; whoever did that could swallow the label: unmount it",
    ENOENT: 'the kernel shows no such label for processes; check with "ls /proc/self/attr"',
  },
  'compare @lsm': {
    ESTALE:
      'what is mounted on /proc is no procfs, so a label written there would do nothing; mount one with mount -t proc proc /proc',
  },
  'write @lsm.apparmor': {
    ENOENT: 'no AppArmor profile of this name is loaded; check with aa-status, load it with apparmor_parser -r',
    EACCES: 'the profile of this process does not let it change to this one; allow change_profile in it',
    EINVAL: 'the module is not active, or takes this for no name of a profile; check with aa-status',
  },
  'write @lsm.selinux': {
    EINVAL: 'the policy has no such label, or SELinux is not active; check with sestatus and seinfo',
    EACCES: 'the policy does not let this process set labels; allow setexec for its domain',
  },
  keyctl: {
    ENOSYS: 'the kernel is built without keyrings (CONFIG_KEYS); leave sessionKeyring() out',
    EPERM: 'an outer container forbids keyctl(2); allow it in its seccomp profile, or leave sessionKeyring() out',
    EDQUOT:
      'the user has as many keys as /proc/sys/kernel/keys/maxkeys allows; raise it, or revoke keys that /proc/keys shows',
  },
  'prctl @side-channels': {
    EINVAL: 'this kernel does not know the option; leave it out, or use a newer kernel',
    ENXIO: 'the kernel leaves processes no choice about this speculation; see /proc/self/status for how it is',
    EPERM: 'the kernel decides this for everybody, or it was given up by force already; see /proc/self/status',
    EIO: 'this processor is not what the host facts say; make them anew',
  },
} as const satisfies HintTable;
