/** The verb for the session keyring. */

/** Which keys of the kernel the container's processes find. */
export interface KeyringMethods {
  /**
   * Begin with an empty session keyring: keys of the caller's session (Kerberos tickets, keys of encrypted file systems) can't be
   * found, read or used. It belongs to the user that the command runs as. The keyrings of that user (`@u`, `@us`) are other ones:
   * they are out of reach in a user namespace of its own, or when `keyctl(2)` is filtered.
   *
   * Errors of a start: `unsupported`, when the kernel has no keyrings, or an outer container forbids them.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().sessionKeyring().command('keyctl', 'show');
   * ```
   *
   * @see keyctl_join_session_keyring(3), session-keyring(7)
   */
  sessionKeyring(): this;
}
