/** A seccomp profile in the format of the OCI runtime specification and of Docker, which adds conditions to it. */
import type { SeccompAction, SeccompArch, SeccompFlag, SeccompOperator } from './words.js';

/** A comparison with one argument of a system call. */
export interface SeccompArg {
  /** Which argument, 0 to 5. */
  readonly index: number;
  readonly value: number;
  /** For `SCMP_CMP_MASKED_EQ`: what the argument masked with `value` must be; 0 without it. */
  readonly valueTwo?: number;
  readonly op: SeccompOperator;
}

/** When a rule applies; all that is given must hold. Docker's addition. */
export interface SeccompCondition {
  /** Capabilities in the bounding set of the container, e.g. `CAP_SYS_ADMIN`. */
  readonly caps?: readonly string[];
  /** Architectures as Go calls them: `amd64`, `arm64`. */
  readonly arches?: readonly string[];
  /** The kernel is this or a later one, e.g. `4.8`. */
  readonly minKernel?: string;
}

/** What happens to some system calls. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  /** The errno of `SCMP_ACT_ERRNO` (1 is EPERM, 38 is ENOSYS), what a tracer gets with `SCMP_ACT_TRACE`; 1 without it. */
  readonly errnoRet?: number;
  /** All must hold. Two about the same argument are two rules, as with runc. */
  readonly args?: readonly SeccompArg[];
  /** The rule applies only when all of it holds. */
  readonly includes?: SeccompCondition;
  /** The rule doesn't apply when any of it holds. */
  readonly excludes?: SeccompCondition;
  readonly comment?: string;
}

/**
 * A seccomp profile: the JSON of the OCI runtime specification (`linux.seccomp`), or that of Docker and Podman.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp
 */
export interface SeccompProfile {
  /** What becomes of calls that no rule is about. */
  readonly defaultAction: SeccompAction;
  /** As {@link SeccompRule.errnoRet}. */
  readonly defaultErrnoRet?: number;
  /** Architectures besides the machine's own whose calls the rules are about as well; calls of all others kill. */
  readonly architectures?: readonly SeccompArch[];
  /** The same for several machines: which others go with which. Docker's addition. */
  readonly archMap?: readonly {
    readonly architecture: SeccompArch;
    readonly subArchitectures?: readonly SeccompArch[];
  }[];
  readonly flags?: readonly SeccompFlag[];
  readonly syscalls?: readonly SeccompRule[];
}
