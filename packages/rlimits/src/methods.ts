/** The verb for resource limits. */
import type { RlimitName } from './kinds.js';
import type { RlimitInput } from './value.js';

/** Resource limits of the container's first process, which all others inherit. */
export interface RlimitMethods {
  /**
   * Set a resource limit; calls add up, and one of the same kind replaces the earlier one. Limits count for each process (some
   * for each user, on the whole host); for the container as a whole use `memory`, `cpu` and `pids`.
   *
   * `nproc` counts all processes of the real user, also those outside of the container, and doesn't hold for root.
   *
   * `cpu` at its soft limit sends `SIGXCPU`, at its hard limit `SIGKILL` (`reason: 'cpu-timeout'`); the first process of a new pid
   * namespace ignores the former.
   *
   * Without `CAP_SYS_RESOURCE` on the host the hard limit can only be lowered.
   *
   * @param kind - `nofile`, `NOFILE`, `RLIMIT_NOFILE`, or the number 7
   * @param soft - the limit in force: a number in bytes, seconds (`cpu`), microseconds (`rttime`) or pieces, `'unlimited'`, or
   *   text with a unit
   * @param hard - up to where the process may raise it; the same as `soft` when it is left out
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().rlimit('nofile', 256, 1024).rlimit('core', 0).rlimit('fsize', '10MiB').rlimit('cpu', '30s');
   * ```
   *
   * @see getrlimit(2)
   */
  rlimit(kind: RlimitName, soft: RlimitInput, hard?: RlimitInput): this;
}
