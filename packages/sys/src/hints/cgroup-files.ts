/** What errnos of calls on the files of cgroups mean. */
import { type HintTable } from './hint-table.js';

export const cgroupHints = {
  'openat openat2 @cgroups': {
    ENOENT:
      "the group has no such file: the kernel lacks the controller, or it isn't enabled for this group; see cgroup.controllers of the parent",
    EACCES:
      'the group belongs to somebody else; run as root or get it delegated, e.g. with "systemd-run --user --scope -p Delegate=yes"',
    EPERM: "the file can't be opened for writing here; root, or the owner of a delegated group, may",
    ENODEV: 'the group was removed by somebody else meanwhile; start again',
  },
  'openat openat2 mkdirat @cgroups': {
    EROFS:
      'the cgroup hierarchy is mounted read-only, as in many containers; remount it writable or start the outer container with its own cgroup namespace',
  },
  'mkdirat @cgroups': {
    EEXIST:
      'a group of that name exists: another container uses it, or one was left behind; choose another name or remove it with rmdir',
    ENOENT: 'the parent group is gone; check the cgroup that this process is in',
    EACCES:
      'the parent group belongs to somebody else; run as root or get one delegated, e.g. with "systemd-run --user --scope -p Delegate=yes"',
    EPERM: 'groups may not be made here; run as root or get a group delegated',
    EAGAIN:
      'the parent has as many groups below it as its cgroup.max.descendants or cgroup.max.depth allows; remove some or raise that',
    ENOSPC:
      'the kernel has no number left for another memory cgroup (65535 at once, also dead ones that still hold memory); remove some groups',
    ENOMEM: 'the kernel has no memory for another group, or no number left for one; remove some groups',
  },
  'write @cgroups': {
    EBUSY:
      'the group already uses more than that and the kernel could not reclaim it; raise the limit or stop processes first',
    EINVAL:
      'the kernel does not take this value in this file: out of range, above what the parent allows, or misspelt; compare with the parent group',
    ERANGE: "the value is outside the range of this file; see the controller's documentation",
    ENOENT: "the controller isn't available to this group; enable it in cgroup.subtree_control of every parent",
    EACCES: 'writing there needs to own the group that both places have in common; run as root or get it delegated',
    EPERM: 'only root, or the owner of a delegated group, may change this; run as root or get it delegated',
    EOPNOTSUPP:
      'the group has a type or a state that forbids this, such as a threaded group or one below a threaded group; use another group',
    ENOSPC: 'the cpuset has no cpus or no memory nodes yet; set both before a process joins',
    ENODEV: 'the group was removed meanwhile, or the device has no such policy; look at the group and at major:minor',
    ESRCH: 'the process ended before it was moved; start again',
    EAGAIN: 'the process is exiting or is moved by somebody else; try again',
  },
  'write @cgroups.enable': {
    EBUSY:
      'the group has processes of its own, and v2 enables controllers only for groups without; move them into a child group first',
  },
  'write @cgroups.join': {
    EBUSY: "the group enables controllers for its children, so it can't have processes of its own; join a child group",
  },
  'unlinkat @cgroups': {
    EBUSY: 'the group still has processes or groups below it; stop them first',
    EACCES: 'the parent group belongs to somebody else; run as root',
  },
} as const satisfies HintTable;
