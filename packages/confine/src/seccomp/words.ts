/** The words of OCI seccomp profiles, and the numbers behind them. */

/** What becomes of a system call, by its word in profiles: values of `SECCOMP_RET_*`, see linux/seccomp.h. */
export const actions = {
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_KILL_THREAD: 0,
  /** The older word for KILL_THREAD. */
  SCMP_ACT_KILL: 0,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: 0x0005_0000,
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
} as const;

/** What a profile does with a system call. `SCMP_ACT_NOTIFY` is what `onSyscall()` is for. */
export type SeccompAction = keyof typeof actions;

/** Comparisons of arguments: the numbers of libseccomp. */
export const operators = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
} as const;

/** How an argument is compared. */
export type SeccompOperator = keyof typeof operators;

/** `AUDIT_ARCH_*` of linux/audit.h; x32 has none of its own, libseccomp made one up. */
export const architectures = {
  SCMP_ARCH_X86: 0x4000_0003,
  SCMP_ARCH_X86_64: 0xc000_003e,
  SCMP_ARCH_X32: 0x4000_003e,
  SCMP_ARCH_ARM: 0x4000_0028,
  SCMP_ARCH_AARCH64: 0xc000_00b7,
  SCMP_ARCH_LOONGARCH64: 0xc000_0102,
  SCMP_ARCH_M68K: 0x0000_0004,
  SCMP_ARCH_MIPS: 0x0000_0008,
  SCMP_ARCH_MIPS64: 0x8000_0008,
  SCMP_ARCH_MIPS64N32: 0xa000_0008,
  SCMP_ARCH_MIPSEL: 0x4000_0008,
  SCMP_ARCH_MIPSEL64: 0xc000_0008,
  SCMP_ARCH_MIPSEL64N32: 0xe000_0008,
  SCMP_ARCH_PPC: 0x0000_0014,
  SCMP_ARCH_PPC64: 0x8000_0015,
  SCMP_ARCH_PPC64LE: 0xc000_0015,
  SCMP_ARCH_S390: 0x0000_0016,
  SCMP_ARCH_S390X: 0x8000_0016,
  SCMP_ARCH_PARISC: 0x0000_000f,
  SCMP_ARCH_PARISC64: 0x8000_000f,
  SCMP_ARCH_RISCV64: 0xc000_00f3,
  SCMP_ARCH_SH: 0x4000_002a,
  SCMP_ARCH_SHEB: 0x0000_002a,
} as const;

/** An architecture, as profiles call it. */
export type SeccompArch = keyof typeof architectures;

/** The architectures that haco runs on: the word of profiles, and the one that `includes.arches` uses (Go's). */
export const natives = {
  x64: { arch: 'SCMP_ARCH_X86_64', go: 'amd64' },
  arm64: { arch: 'SCMP_ARCH_AARCH64', go: 'arm64' },
} as const satisfies Readonly<Record<string, { readonly arch: SeccompArch; readonly go: string }>>;

/** Flags of seccomp(2) that a profile may ask for. */
export const filterFlags = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
} as const;

/** Name of a flag of seccomp(2) for a filter. */
export type SeccompFlag = keyof typeof filterFlags;
