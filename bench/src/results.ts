/** What the scenarios find out: plain values, sent from the process that measures to the one that reports. */
import type { Absent, Contender } from './contenders/contender.js';
import type { Times } from './measure.js';
import { summarize, type Summary } from './statistics.js';

/** One contender's measurements. */
export interface Row extends Summary {
  readonly id: string;
  readonly label: string;
  readonly group: Contender['group'];
}

/** What a start in C spends on the groups of its limits, in milliseconds. */
export interface FloorParts {
  /** Making them and writing their limits. */
  readonly make: number;
  /** Entering them, where some kernels wait for a grace period of RCU. */
  readonly join: number;
  /** Reading their counters and removing them. */
  readonly remove: number;
}

export interface SequentialResult {
  readonly rows: readonly Row[];
  readonly absent: readonly Absent[];
  /** Only where the limits are of cgroup v1. */
  readonly floorParts?: FloorParts;
}

export interface HeldResult {
  readonly heldMiB: number;
  readonly rows: readonly Row[];
}

/** Rows are containers per second. */
export interface ThroughputResult {
  readonly concurrency: number;
  readonly rows: readonly Row[];
}

export interface LiveResult {
  readonly containers: number;
  /** Threads of Node with all of them alive, beyond those that it had without. */
  readonly threads: number;
  /** Median time of starting one of them, in milliseconds. */
  readonly startMs: number;
  readonly without: readonly Row[];
  readonly with: readonly Row[];
}

/** How long one start keeps the event loop from turning. */
export interface BlockingRow {
  readonly id: string;
  readonly label: string;
  readonly starts: number;
  /** The longest pause of a start, in milliseconds: of the median start, of the 99th of 100, of the worst. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** Starts with a pause of more than 1 ms. */
  readonly over: number;
  /** The longest collection of garbage in a start, which is not in the figures above; and how many starts met one. */
  readonly collectionMs: number;
  readonly collections: number;
}

export interface BlockingResult {
  readonly rows: readonly BlockingRow[];
}

/** What a process and the host have. */
export interface Holdings {
  readonly descriptors: number;
  readonly threads: number;
  readonly zombies: number;
  readonly mounts: number;
  readonly cgroups: number;
  readonly rssMiB: number;
  /** What JavaScript holds, after a collection. */
  readonly heapMiB: number;
}

export interface LeaksResult {
  readonly runs: number;
  readonly seconds: number;
  readonly before: Holdings;
  readonly after: Holdings;
  /** Resident memory after each tenth of the runs, in MiB. */
  readonly rss: readonly number[];
}

export interface Results {
  readonly sequential?: SequentialResult;
  readonly held?: HeldResult;
  readonly throughput?: ThroughputResult;
  readonly live?: LiveResult;
  readonly blocking?: BlockingResult;
  readonly leaks?: LeaksResult;
}

export function rowsOf(contenders: readonly Contender[], times: Times): readonly Row[] {
  return contenders.map(({ id, label, group }) => ({ id, label, group, ...summarize(times.get(id) ?? []) }));
}
