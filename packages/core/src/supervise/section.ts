/** How a detached container is looked after: its section of the spec. */

/** When a container is started again after its end. */
export type RestartPolicy = 'no' | 'always' | 'on-failure' | 'unless-stopped';

/** All of them. */
export const restartPolicies: readonly RestartPolicy[] = ['no', 'always', 'on-failure', 'unless-stopped'];

/** What follows when a container is found to be unhealthy. */
export type UnhealthyAction = 'nothing' | 'restart' | 'stop';

/** Where output goes. */
export type LogTarget = 'file' | 'journald' | 'syslog' | 'none';

export interface RestartSection {
  readonly policy: RestartPolicy;
  /** How often in a row; missing: without end. */
  readonly max?: number;
  /** Pause before the first one, in milliseconds. */
  readonly delayMs: number;
  /** By what each further pause is longer. */
  readonly backoff: number;
}

export interface HealthSection {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
  /** Failures so soon after its start don't count. */
  readonly startPeriodMs: number;
  readonly onUnhealthy: UnhealthyAction;
}

export interface LogsSection {
  readonly to: LogTarget;
  /** Host path in place of a file in the state directory. */
  readonly file?: string;
  /** A file that is larger is put aside, in bytes. */
  readonly maxBytes: number;
  /** How many files are kept, the current one included. */
  readonly files: number;
  /** Socket of the journal or of syslog, where it isn't at its usual place. */
  readonly socket?: string;
}

export interface StopSection {
  readonly signal: number;
  readonly timeoutMs: number;
}

/** Section `supervision` of the spec. It means something to `detach()` only. */
export interface SupervisionSection {
  readonly restart?: RestartSection;
  readonly health?: HealthSection;
  readonly logs?: LogsSection;
  readonly stop?: StopSection;
}

/** Logs when nothing was said. They are in memory where the state directory is, so they are small. */
export const defaultLogs: LogsSection = { to: 'file', maxBytes: 4 * 1024 ** 2, files: 4 };
