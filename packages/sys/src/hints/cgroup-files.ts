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
  'write @cgroups.limit.cpu.cfs_quota_us': {
    EINVAL:
      'the group above allows less CPU time than that, or the quota is below 1 ms of its period; ask for less, or raise the limit above',
  },
  'write @cgroups.limit.cpu.cfs_burst_us': {
    EINVAL: 'the burst is more than the quota of the group; lower it, or raise the limit of CPU time',
  },
  'write @cgroups.limit.cpu.max.burst': {
    EINVAL: 'the burst is more than the quota of the group; lower it, or raise the limit of CPU time',
  },
  'write @cgroups.limit.cpu.rt_runtime_us': {
    EINVAL:
      'the groups above have less time for realtime processes than that, or others beside it have taken it; ask for less, raise cpu.rt_runtime_us of the groups above, or choose a group that has some with cgroupParent()',
    EBUSY: 'realtime processes are in the group already; stop them first',
  },
  'write @cgroups.limit.cpu.idle': {
    EINVAL: 'the root group can not be idle, and only 0 and 1 are known',
  },
  'openat @cgroups.limit.cpu.uclamp': {
    ENOENT:
      'the kernel is built without CONFIG_UCLAMP_TASK_GROUP; leave cpu.uclamp out, or allow that with { degrade: true }',
  },
  'write @cgroups.limit.cpu.shares': {
    EINVAL: 'the group is idle and takes no shares; leave out cpu.idle, or the shares',
  },
  'write @cgroups.limit.cpuset': {
    ERANGE: 'a number is none of the machine: higher than this kernel can count; see lscpu and numactl -H',
    EINVAL: 'a number is none of the machine, or the list is misspelt; see lscpu and numactl -H',
    EACCES: 'the group above has not all of these; choose some of its cpuset.effective_cpus and effective_mems',
    EBUSY: 'groups below use more than that; change them first',
    ENOSPC: 'processes are in the group, and it would have nothing left; stop them first',
  },
  'write @cgroups.join': {
    EBUSY: "the group enables controllers for its children, so it can't have processes of its own; join a child group",
    ENOSPC: 'the cpuset of the group has no cpus or no memory nodes; set both in the group that cgroupParent() names',
    EPERM:
      'the group has no time for realtime processes and this one is one (v1), or the writer may not move itself; start it with an ordinary policy, or give it resources({ cpu: { realtime: … } })',
    EINVAL:
      'the group has no time for realtime processes, and this one is one; start it with an ordinary policy, or give it resources({ cpu: { realtime: … } })',
  },
  'write @cgroups.limit.memory': {
    EINVAL:
      'the kernel does not take this value: memory and swap together may not be less than memory alone, swappiness is 0 to 200, and the kernel may have no accounting of swap (swapaccount=1)',
  },
  'write @cgroups.limit.io': {
    ENODEV: 'there is no such disk; give major:minor of a whole disk (not of a partition), as "lsblk -d" lists them',
    EINVAL: 'the line is misspelt, or the device is a partition; write "major:minor rbps=… wbps=… riops=… wiops=…"',
    EOPNOTSUPP: 'the device has no policy for this; see its scheduler in /sys/block/<disk>/queue/scheduler',
  },
  'write @cgroups.limit.blkio': {
    ENODEV: 'there is no such disk; give major:minor of a whole disk (not of a partition), as "lsblk -d" lists them',
    EINVAL: 'the line is misspelt, or the device is a partition; write "major:minor number"',
    EOPNOTSUPP: 'the device has no policy for this; see its scheduler in /sys/block/<disk>/queue/scheduler',
  },
  'openat @cgroups.limit.io.weight': {
    ENOENT:
      "the kernel weighs the traffic of disks by the scheduler bfq only; use cgroup('io.bfq.weight', …), with bfq in /sys/block/<disk>/queue/scheduler",
  },
  'openat @cgroups.limit.blkio.weight': {
    ENOENT:
      "the scheduler CFQ that had such weights is gone since Linux 5.0; use resources({ io: { weight } }) or cgroup('blkio.bfq.weight', …)",
  },
  'openat @cgroups.limit.io.latency': {
    ENOENT: 'the kernel is built without CONFIG_BLK_CGROUP_IOLATENCY; bound the neighbours with io.max instead',
  },
  'write @cgroups.limit.devices': {
    EPERM:
      'the group above does not allow these devices, or this process is not root of the host; allow no more than the group above does',
    EINVAL: 'the rule is misspelt; write e.g. "c 1:3 rwm", "b *:* m", or "a"',
    EBUSY: 'the group has groups below it; set the rules before those are made',
  },
  'bpf @cgroups.limit': {
    EPERM:
      'only root may load programs into the kernel and attach them to groups (CAP_BPF with CAP_NET_ADMIN, or CAP_SYS_ADMIN, on the host), or the memory that may be locked is used up on kernels before 5.11; run as root, raise "ulimit -l"',
    EINVAL: 'the kernel has no programs for devices of groups (CONFIG_CGROUP_BPF); leave out the rules about devices',
    ENOSYS:
      'the kernel has no such programs (CONFIG_BPF_SYSCALL), or an outer sandbox hides the call; leave out the rules about devices',
    E2BIG: 'there are too many programs on this group, or too many rules in this one; use fewer',
  },
  'write @cgroups.limit.net_prio': {
    ENODEV: 'there is no such network interface on the host; see "ip link"',
    EINVAL: 'write the name of an interface and a number',
  },
  'write @cgroups.limit.rdma': {
    ENODEV: 'there is no such adapter; see /sys/class/infiniband',
    EINVAL: 'the line is misspelt; write "adapter hca_handle=2 hca_object=2000"',
  },
  'write @cgroups.limit.misc': {
    EINVAL: 'the host has no such resource; see misc.capacity of the root group',
  },
  'unlinkat @cgroups': {
    EBUSY: 'the group still has processes or groups below it; stop them first',
    EACCES: 'the parent group belongs to somebody else; run as root',
  },
} as const satisfies HintTable;
