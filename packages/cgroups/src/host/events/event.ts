/** What can happen in a group. */
import type { Duration, HacoError } from '@haco/plan';

/** A resource whose shortage the kernel measures. */
export type PressureResource = 'memory' | 'cpu' | 'io' | 'irq';

/** When to be told of a shortage. */
export interface PressureTrigger {
  readonly resource: PressureResource;
  /** `some`, the default: at least one process waits; `full`: all of them do, which is all that is measured of `irq`. */
  readonly kind?: 'some' | 'full';
  /** Told when waiting adds up to this within {@link PressureTrigger.window}; 150 ms when left out. */
  readonly stall?: Duration;
  /** 2 s when left out; without CAP_SYS_RESOURCE the kernel takes multiples of 2 s only. */
  readonly window?: Duration;
  /** For memory on v1 without PSI: how bad it must be; `medium` when left out. */
  readonly level?: 'low' | 'medium' | 'critical';
}

/** One event. `count` says how often it happened since the last one of its type. */
export type GroupEvent = { readonly atMs: number } & (
  | {
      /**
       * - `oom`: the memory limit was reached and nothing could be reclaimed;
       * - `oom-kill`: the kernel killed processes because of that;
       * - `memory-high`, `memory-max`: a limit of v2 was reached and memory was reclaimed;
       * - `pids-limit`: a fork was refused.
       *
       * In a group below too; on v1 without `oom` then, and only as long as that group is there.
       */
      readonly type: 'oom' | 'oom-kill' | 'memory-high' | 'memory-max' | 'pids-limit';
      readonly count: number;
    }
  | { readonly type: 'pressure'; readonly resource: PressureResource }
  /** The first process came in, the last one went; they were stopped, they go on; the group was removed: the last event. */
  | { readonly type: 'populated' | 'empty' | 'frozen' | 'thawed' | 'removed' }
  /** Something that was asked for can't be watched here. */
  | { readonly type: 'unavailable'; readonly what: string; readonly error: HacoError }
);

type Without<T> = T extends unknown ? Omit<T, 'atMs'> : never;

/** Takes what a source found. */
export type Emit = (event: Without<GroupEvent>) => void;

/** Something that emits, until it is closed. */
export interface Source {
  readonly close: () => void;
}
