/** Numbers of bpf(2) for programs about devices, from linux/bpf.h. */

/** Commands. */
export const bpfCommands = {
  BPF_PROG_LOAD: 5,
  BPF_PROG_ATTACH: 8,
  BPF_PROG_DETACH: 9,
  BPF_PROG_GET_FD_BY_ID: 13,
  BPF_OBJ_GET_INFO_BY_FD: 15,
  BPF_PROG_QUERY: 16,
} as const;

/** Type of such programs. */
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;

/** Where they are attached. */
export const BPF_CGROUP_DEVICE = 6;

/** Programs of the groups above and of the group itself must all allow. */
export const BPF_F_ALLOW_MULTI = 2;

/** Take the place of another program in one step; since Linux 5.6. */
export const BPF_F_REPLACE = 4;

/** By this name a program of haco is known among those of others; at most 15 characters. */
export const programName = 'haco_devices';
