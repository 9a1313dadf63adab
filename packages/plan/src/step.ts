/** One thing that is done for a container, with its reason: the unit of plans, timings and errors. */
import type { Operation } from './operation.js';
import type { Phase } from './phase.js';

/** What the kernel demands of the caller before it performs a step. */
export interface Need {
  /** Capability without the prefix, in lower case, e.g. `sys_admin`. */
  readonly capability: string;
  /**
   * Over which user namespace: the host's (`host`), or the one that owns the container's namespaces (`container`), which
   * the container's own user namespace satisfies.
   */
  readonly over: 'host' | 'container';
}

/** One step of a {@link Plan}. A plain value: JSON in, JSON out. */
export interface Step {
  /** Unique within a plan, `<part>.<what>`, e.g. `mounts.proc`. */
  readonly id: string;
  readonly phase: Phase;
  /** What is done, e.g. `mount a new procfs on /proc`. Starts in lower case, without a full stop. */
  readonly label: string;
  /** Why, in one sentence without a full stop. */
  readonly why: string;
  readonly operations: readonly Operation[];
  /** Path into the Spec that asked for it, e.g. `mounts.independent[0]`. */
  readonly from: string;
  readonly needs?: readonly Need[];
  /** Kernel features (names of {@link HostFacts.features}) without which the step fails. */
  readonly requires?: readonly string[];
  /** Man page or kernel document, e.g. `mount_namespaces(7)`. */
  readonly source?: string;
  /** Performed after all other steps of its phase, whatever part they are of. */
  readonly last?: true;
  /** Undo phase only: performed when the start has failed, not when the container has ended. */
  readonly onlyAfterFailure?: true;
  /** Limits and protections that this step puts in force, reported in `Outcome.enforced`. */
  readonly enforces?: readonly string[];
  /**
   * Name of an `out` buffer that has content only when the step took effect, for steps that tolerate the kernel's refusal: what
   * they enforce is reported as `refused` when the buffer stays empty.
   */
  readonly confirmedBy?: string;
}
