/** The verbs for side channels of processors. */
import type { Speculation } from './section.js';

/** What to do on a host that can't do it. */
export interface SideChannelOptions {
  /** Go on without, and say so in `Outcome.enforced`. `false`, the default: such a container isn't started. */
  readonly degrade?: boolean;
}

/** What the container's processes could learn, or let others learn, from the state of a processor. */
export interface SideChannelMethods {
  /**
   * Never run on the same core as processes outside at the same time: the hardware threads of a core share caches and buffers
   * (MDS, L1TF). Where no core has more than one thread, there is nothing to do.
   *
   * Errors of a start: `unsupported`, when the kernel has no core scheduling (Linux 5.14, CONFIG_SCHED_CORE).
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().coreScheduling().command('untrusted');
   * ```
   *
   * @see https://docs.kernel.org/admin-guide/hw-vuln/core-scheduling.html
   */
  coreScheduling(options?: SideChannelOptions): this;
  /**
   * Take ways of speculation from the container's processes, for good; without an argument all that the processor of the host has.
   * Calls add up. What the processor isn't affected by, or the kernel mitigates for everybody, is done already.
   *
   * | word | what ends | kernel |
   * | --- | --- | --- |
   * | `store-bypass` | loads that overtake stores (Spectre 4) | 4.17 |
   * | `indirect-branch` | targets of branches that others trained (Spectre 2) | 4.20 |
   * | `l1d-flush` | data that a process leaves in the L1 cache; flushed whenever it is switched away | 5.15 |
   *
   * Errors of a start: `unsupported`, when the kernel leaves no choice for a word that was named, or for all of them.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().speculation('store-bypass', 'indirect-branch').command('untrusted');
   * haco().speculation({ degrade: true }).command('untrusted'); // what this host can
   * ```
   *
   * @see PR_SET_SPECULATION_CTRL(2const), https://docs.kernel.org/userspace-api/spec_ctrl.html
   */
  speculation(...what: readonly (Speculation | SideChannelOptions)[]): this;
}
