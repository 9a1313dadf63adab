/** The verbs for system calls. */
import type { SyscallHandler } from './handler.js';
import type { SeccompPreset } from './presets.js';
import type { SeccompProfile } from './profile.js';

/** Which system calls the container may make. */
export interface SeccompMethods {
  /**
   * Filter the system calls of the container: by haco's own profile (`'default'`), by a profile in the format of the OCI runtime
   * specification or of Docker and Podman, or by the path of such a file on the host, which is read at the start. Calls add up: a
   * system call must pass every filter.
   *
   * What `'default'` refuses, and why, is listed in the README of `@haco/confine`. Conditions of Docker's format (`includes`,
   * `excludes`) are decided by the capabilities that `caps()` leaves. Without `noNewPrivileges()`, loading a filter takes
   * CAP_SYS_ADMIN; where `caps()` or `user()` give that up, the filter is loaded before they do and must allow them.
   *
   * A command that is ended by the filter has the outcome `seccomp`.
   *
   * Errors at the start: `unsupported`, without libseccomp (package libseccomp2); `permission`, when the filter would refuse what it
   * takes to execute the command; `not-found`, `io` and `invalid-spec` for files.
   *
   * @param profile - `'default'`, a profile, or a path with at least one `/`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().noNewPrivileges().seccomp('default').command('make');
   * haco().noNewPrivileges().seccomp('/usr/share/containers/seccomp.json').command('make'); // Podman's
   * haco()
   *   .noNewPrivileges()
   *   .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }] })
   *   .command('curl', 'https://example.org'); // Permission denied
   * ```
   *
   * @see seccomp(2)
   */
  seccomp(profile: SeccompPreset | SeccompProfile | (string & {})): this;
  /**
   * Answer a system call of the container with a function: let it fail, let it return a value without happening, or let it go on.
   * Each call costs a way to Node and back (some ten µs): for seldom calls. A second handler for the same call replaces the first.
   * What a filter of `seccomp()` refuses is refused without asking.
   *
   * @param name - name of a system call, as in syscalls(2)
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco()
   *   .noNewPrivileges()
   *   .onSyscall('mkdir', ({ args, readText }) => {
   *     console.log('mkdir', readText(args[0]).unwrapOr('?'));
   *     return { errno: 'EROFS' };
   *   })
   *   .command('mkdir', 'x');
   * ```
   *
   * @see seccomp_unotify(2)
   */
  onSyscall(name: string, handler: SyscallHandler): this;
}
