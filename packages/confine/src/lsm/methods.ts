/** The verbs for labels of security modules. */

/** What to do on a host that doesn't run the security module. */
export interface LabelOptions {
  /** Go on without, and say `refused` in `Outcome.enforced`. `false`, the default: such a container isn't started. */
  readonly degrade?: boolean;
}

/** Under which rules of the host's administrator the command runs. */
export interface LsmMethods {
  /**
   * Run the command under an AppArmor profile, which must be loaded; see aa-status(8).
   *
   * Errors of a start: `unsupported`, when the host doesn't run AppArmor; `syscall` with ENOENT, when it has no such profile.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().apparmor('docker-default').command('nginx');
   * haco().apparmor('docker-default', { degrade: true }).command('nginx'); // also where there is no AppArmor
   * ```
   *
   * @see apparmor(7), aa_change_onexec(2)
   */
  apparmor(profile: string, options?: LabelOptions): this;
  /**
   * Run the command with an SELinux label.
   *
   * Errors of a start: `unsupported`, when the host doesn't run SELinux; `syscall` with EINVAL, when its policy has no such label.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().selinux('system_u:system_r:container_t:s0:c1,c2').command('nginx');
   * ```
   *
   * @see selinux(8), setexeccon(3)
   */
  selinux(label: string, options?: LabelOptions): this;
}
