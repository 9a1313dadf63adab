/** How a detached container is looked after: its section of the spec. */

/** When a container is started again after its end. */
export type RestartPolicy = 'no' | 'always' | 'on-failure' | 'unless-stopped';

/** All of them. */
export const restartPolicies: readonly RestartPolicy[] = ['no', 'always', 'on-failure', 'unless-stopped'];

/** What follows when a container is found to be unhealthy. */
export type UnhealthyAction = 'nothing' | 'restart' | 'stop';

/** Where output goes. */
export type LogTarget = 'file' | 'journald' | 'syslog' | 'none';

/** Pauses where `restart()` says nothing of them. */
export const usualPauses = { delayMs: 100, backoff: 2 } as const;

/** Whether and how it is started again. */
export interface RestartSection {
  /** When. */
  readonly policy: RestartPolicy;
  /** How often in a row; missing: without end. */
  readonly max?: number;
  /** Pause before the first one, in milliseconds. */
  readonly delayMs: number;
  /** By what each further pause is longer. */
  readonly backoff: number;
}

/** How it is found out whether it is well. */
export interface HealthSection {
  /** Run inside; 0 is well. */
  readonly command: readonly string[];
  /** From one look to the next, in milliseconds. */
  readonly intervalMs: number;
  /** A look that takes longer has failed, in milliseconds. */
  readonly timeoutMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
  /** Failures so soon after its start don't count. */
  readonly startPeriodMs: number;
  /** What follows. */
  readonly onUnhealthy: UnhealthyAction;
}

/** What becomes of its output. */
export interface LogsSection {
  /** Where it goes. */
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

/** How it is asked to end. */
export interface StopSection {
  /** Number of the signal. */
  readonly signal: number;
  /** When SIGKILL follows, in milliseconds. */
  readonly timeoutMs: number;
}

/** Section `supervision` of the spec. It means something to `detach()` only. */
export interface SupervisionSection {
  /** `restart()`. */
  readonly restart?: RestartSection;
  /** `health()`. */
  readonly health?: HealthSection;
  /** `logs()`. */
  readonly logs?: LogsSection;
  /** `stopSignal()`. */
  readonly stop?: StopSection;
}

/** Logs when nothing was said. They are in memory where the state directory is, so they are small. */
export const defaultLogs: LogsSection = { to: 'file', maxBytes: 4 * 1024 ** 2, files: 4 };
