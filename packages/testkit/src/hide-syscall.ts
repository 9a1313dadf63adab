/** Makes the kernel look older to a command: chosen syscalls answer ENOSYS, or another errno. */
import { type ToolError } from '@haco/plan';
import { type Result } from 'neverthrow';
import { constants } from 'node:os';
import process from 'node:process';
import { nativeTool } from './native-tool.js';

type Arch = 'x64' | 'arm64';

// From 424 on all architectures share their numbers.
const shared = (number: number) => ({ x64: number, arm64: number });

const numbers = {
  capset: { x64: 126, arm64: 91 },
  chdir: { x64: 80, arm64: 49 },
  dup3: { x64: 292, arm64: 24 },
  fchdir: { x64: 81, arm64: 50 },
  keyctl: { x64: 250, arm64: 219 },
  mkdirat: { x64: 258, arm64: 34 },
  mknodat: { x64: 259, arm64: 33 },
  mount: { x64: 165, arm64: 40 },
  pivot_root: { x64: 155, arm64: 41 },
  ppoll: { x64: 271, arm64: 73 },
  prctl: { x64: 157, arm64: 167 },
  prlimit64: { x64: 302, arm64: 261 },
  recvmsg: { x64: 47, arm64: 212 },
  sendmsg: { x64: 46, arm64: 211 },
  setgroups: { x64: 116, arm64: 159 },
  sethostname: { x64: 170, arm64: 161 },
  setresgid: { x64: 119, arm64: 149 },
  setresuid: { x64: 117, arm64: 147 },
  setsid: { x64: 112, arm64: 157 },
  socketpair: { x64: 53, arm64: 199 },
  symlinkat: { x64: 266, arm64: 36 },
  umount2: { x64: 166, arm64: 39 },
  clone: { x64: 56, arm64: 220 },
  unshare: { x64: 272, arm64: 97 },
  setns: { x64: 308, arm64: 268 },
  seccomp: { x64: 317, arm64: 277 },
  memfd_create: { x64: 319, arm64: 279 },
  execveat: { x64: 322, arm64: 281 },
  statx: { x64: 332, arm64: 291 },
  pidfd_send_signal: shared(424),
  io_uring_setup: shared(425),
  open_tree: shared(428),
  move_mount: shared(429),
  fsopen: shared(430),
  fsconfig: shared(431),
  fsmount: shared(432),
  fspick: shared(433),
  pidfd_open: shared(434),
  clone3: shared(435),
  close_range: shared(436),
  openat2: shared(437),
  pidfd_getfd: shared(438),
  faccessat2: shared(439),
  epoll_pwait2: shared(441),
  mount_setattr: shared(442),
  landlock_create_ruleset: shared(444),
  landlock_add_rule: shared(445),
  landlock_restrict_self: shared(446),
  process_mrelease: shared(448),
  fchmodat2: shared(452),
  statmount: shared(457),
  listmount: shared(458),
  open_tree_attr: shared(467),
} as const satisfies Record<string, Record<Arch, number>>;

export type HideableSyscall = keyof typeof numbers;

export interface HideOptions {
  readonly hide: readonly HideableSyscall[];
  /** `ENOSYS` when left out; `EPERM` is what an outer container's filter says. */
  readonly errno?: keyof typeof constants.errno;
  readonly command: readonly string[];
}

/**
 * The command line that runs the command in that way; the filter is inherited by all it starts. Root keeps no_new_privs unset,
 * an ordinary user can't, so `newuidmap` doesn't work for it in there.
 */
export function hidingSyscalls({ hide, errno = 'ENOSYS', command }: HideOptions): Result<readonly string[], ToolError> {
  return nativeTool('hide-syscall').map((tool) => [tool, hideList(hide, errno, process.arch), ...command]);
}

/** `435:38,437:38`. */
export function hideList(hide: readonly HideableSyscall[], errno: keyof typeof constants.errno, arch: string): string {
  if (arch !== 'x64' && arch !== 'arm64')
    throw new Error(`Hiding syscalls works on x64 and arm64, and this is ${arch}.`);
  return hide.map((name) => `${String(numbers[name][arch])}:${String(constants.errno[errno])}`).join(',');
}
