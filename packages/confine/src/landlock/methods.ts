/** The verb for Landlock. */
import type { LandlockScope } from './rights.js';
import type { LandlockRule } from './section.js';

/**
 * What the container's processes may do with files, TCP ports and the world outside. Paths are absolute and as seen inside;
 * each must exist, and what it means when the container starts is what counts (a link leads to its target in the root).
 */
export interface LandlockChoice {
  /** Below these: read files, list directories. */
  readonly read?: string | readonly string[];
  /** Below these: that, and execute programs. Their dynamic loader counts as a program too. */
  readonly execute?: string | readonly string[];
  /** Below these: read, write, truncate, create, remove, link and rename; no device nodes. */
  readonly write?: string | readonly string[];
  /** These: read and write files, control devices (ioctl). */
  readonly device?: string | readonly string[];
  /** Exactly these rights, by the kernel's names in lower case. */
  readonly rules?: readonly LandlockRule[];
  /** The only TCP ports that may be bound; `[]` for none. 0 stands for those that the kernel chooses. */
  readonly bind?: number | readonly number[];
  /** The only TCP ports that may be connected to; `[]` for none. */
  readonly connect?: number | readonly number[];
  /** What can't reach out of the container. */
  readonly scopes?: LandlockScope | readonly LandlockScope[];
  /**
   * On a kernel that can restrict only a part of it, or nothing, go on with that, and say `degraded` or `refused` in
   * `Outcome.enforced`. `false`, the default: such a container isn't started.
   */
  readonly degrade?: boolean;
}

/** Rules that need no root, no namespace and no other user to hold. */
export interface LandlockMethods {
  /**
   * Allow only this, by Landlock: as soon as one path is named, everything else in the file system is denied, whoever the command
   * runs as; ports and scopes likewise, each kind by itself. Calls add up. What is open already (stdin, stdout, stderr) stays usable.
   *
   * It takes `noNewPrivileges()`, or CAP_SYS_ADMIN that is kept. Files need Linux 6.10 to be restricted in full (5.13 in part), TCP
   * ports 6.7, scopes 6.12.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco()
   *   .noNewPrivileges()
   *   .landlock({ execute: ['/usr', '/lib', '/lib64', '/bin'], read: '/etc', write: '/tmp', device: '/dev/null' })
   *   .landlock({ bind: [], connect: 443, scopes: ['signal', 'abstract-unix-socket'] })
   *   .command('curl', 'https://example.org');
   * ```
   *
   * @see landlock(7)
   */
  landlock(rules: LandlockChoice): this;
}
