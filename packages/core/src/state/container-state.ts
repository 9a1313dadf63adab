/** What is known of a registered container: one JSON file, written by its owner, read by everybody of the same user. */
import type { Outcome } from '../outcome.js';
import type { ProcessIdentity } from './process-identity.js';

/**
 * Where a container is in its life.
 *
 * | status | meaning |
 * | --- | --- |
 * | `creating` | it is being made; there is no process yet |
 * | `created` | it is complete, and waits for its command to be allowed |
 * | `running` | its command runs, or waits to be run again by its restart policy (`pid` is null then) |
 * | `paused` | its processes are stopped where they were |
 * | `stopped` | it has ended, or was lost; the outcome says how |
 */
export type ContainerStatus = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/** All of them, in the order of a life. */
export const containerStatuses: readonly ContainerStatus[] = ['creating', 'created', 'running', 'paused', 'stopped'];

/** A cgroup of a container. */
export interface OwnedGroup {
  readonly version: 1 | 2;
  /** Absolute path of its directory. */
  readonly path: string;
  /** Inode number of that directory; null while it isn't known that it was made. Tells it from a later one of the same name. */
  readonly inode: string | null;
}

/** How a container fares by its own health check. */
export interface HealthState {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** Checks that have failed since the last one that succeeded. */
  readonly failures: number;
  /** When the last check ended, in ISO 8601; null before the first. */
  readonly checkedAt: string | null;
  /** The last lines of what the last check printed. */
  readonly output: string;
}

/** A registered container. JSON; times are in ISO 8601 (UTC). */
export interface ContainerState {
  readonly version: 1;
  readonly name: string;
  readonly status: ContainerStatus;
  /** Its first process as the host sees it; null when there is none. */
  readonly pid: number | null;
  /** When that was started, in ticks since boot: with the pid, it names the process for good. */
  readonly startTime: number | null;
  /** The process that holds it: a supervisor, or the program that has started it. Null when it is stopped. */
  readonly supervisor: (ProcessIdentity & { readonly detached: boolean }) | null;
  /** What it is, as `spec()` gave it; what only worked in the program that made it says what it was. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Path of the definition that it was started from. */
  readonly definition?: string;
  readonly createdAt: string;
  /** When its command was last begun. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** How it ended the last time. Kept until it is removed. */
  readonly outcome: Outcome | null;
  /** Why it is stopped, where that wasn't its own doing: its supervisor was lost, or it couldn't be started again. */
  readonly failure: string | null;
  /** Host path of its root directory; null where it shares that of the host, or has it from an image. */
  readonly rootfs: string | null;
  readonly cgroups: readonly OwnedGroup[];
  /** Where its output is kept; null where that leads elsewhere. */
  readonly logFile: string | null;
  /** A file that holds its pid, for other programs. */
  readonly pidFile: string | null;
  /** The caller's own tags. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How often it was started again by its restart policy. */
  readonly restarts: number;
  /** Missing where it has no health check. */
  readonly health: HealthState | null;
  /** Nothing is kept of it when it has ended. */
  readonly autoRemove: boolean;
  /** Somebody has asked it to stop: no policy starts it again. */
  readonly stopRequested: boolean;
  /** The boot of the machine that all numbers belong to. */
  readonly bootId: string;
}
