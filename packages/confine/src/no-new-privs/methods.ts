/** The verb for no_new_privs. */

/** What no program inside may become. */
export interface NoNewPrivilegesMethods {
  /**
   * No program gains privileges by being executed: set-uid and set-gid bits and file capabilities have no effect, for the command
   * and for everything that it starts. It can't be taken back.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().noNewPrivileges().command('sudo', 'id'); // sudo can't become root
   * ```
   *
   * @see https://docs.kernel.org/userspace-api/no_new_privs.html
   */
  noNewPrivileges(): this;
}
