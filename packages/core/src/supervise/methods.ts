/** The verbs of supervision. */
import type { Duration, Size } from '@haco/plan';
import type { LogTarget, RestartPolicy, UnhealthyAction } from './section.js';

/** How often, and how soon, a container is started again. */
export interface RestartOptions {
  /** How often in a row at most; without it, without end. A run of 10 s and more begins a new row. */
  readonly max?: number;
  /** Pause before the first one: milliseconds, or text such as `'1s'`; 100 ms without it. */
  readonly delay?: Duration;
  /** Each further pause in a row is so many times longer, up to a minute; 2 without it. 1 keeps it as it is. */
  readonly backoff?: number;
}

/** When a container is asked how it is, and what follows. */
export interface HealthOptions {
  /** Program and arguments, run in the container; exit code 0 says that it is well. */
  readonly command: readonly [file: string, ...args: string[]];
  /** From the end of one check to the next; `'30s'` without it. */
  readonly interval?: Duration;
  /** A check that takes longer has failed; `'30s'` without it. */
  readonly timeout?: Duration;
  /** So many failures in a row make it unhealthy; 3 without it. */
  readonly retries?: number;
  /** Failures so soon after its start don't count; nothing without it. */
  readonly startPeriod?: Duration;
  /** What follows when it is unhealthy; `'nothing'` but its status without it. `'restart'` needs no restart policy. */
  readonly onUnhealthy?: UnhealthyAction;
}

/** Where output goes, and how much of it is kept. */
export interface LogOptions {
  /** `'file'` without it. */
  readonly to?: LogTarget;
  /** Absolute host path in place of a file in the state directory, which is in memory, and goes when the container is removed. */
  readonly file?: string;
  /** A file that has grown so large is put aside as `FILE.1`; 4 MiB without it. */
  readonly maxSize?: Size;
  /** How many files are kept, the current one included; 4 without it. */
  readonly files?: number;
  /** Where the journal (`/run/systemd/journal/stdout`) or syslog (`/dev/log`) listens, when it is elsewhere. */
  readonly socket?: string;
}

/** How a detached container is looked after. These words mean nothing to `run()` and `start()`. */
export interface SupervisionMethods {
  /**
   * Start a detached container again when it ends: `'always'`, `'on-failure'` (all but exit code 0), `'unless-stopped'`, or `'no'`, as
   * without this verb. After `stop()` none does. `'always'` and `'unless-stopped'` differ when supervisors were lost: `recover()` starts
   * `'always'` again, also what was stopped by hand before. Replaces an earlier policy.
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * await orThrow(haco().name('web').restart('on-failure', { max: 5, delay: '1s' }).command('server').detach());
   * ```
   */
  restart(policy: RestartPolicy, options?: RestartOptions): this;
  /**
   * Look regularly whether a detached container does its work; `state().health` says how it fares. Replaces an earlier check.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().health({ command: ['curl', '-fs', 'localhost'], interval: '10s', onUnhealthy: 'restart' }).command('server');
   * ```
   */
  health(options: HealthOptions): this;
  /**
   * Where the output of a detached container goes: into files that are put aside as they grow, into the journal, to syslog, or nowhere.
   * What `stdout()` and `stderr()` lead elsewhere isn't concerned. Replaces an earlier value.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().name('web').logs({ file: '/var/log/web.log', maxSize: '10MiB', files: 5 }).command('server');
   * haco().name('web').logs({ to: 'journald' }).command('server');
   * ```
   */
  logs(options: LogOptions): this;
  /**
   * How a detached container is asked to end by `stop()`: with this signal, and how long it may take before it is killed. SIGTERM and
   * 10 s without it. Replaces an earlier value.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().name('web').stopSignal('SIGQUIT', { timeout: '30s' }).command('nginx');
   * ```
   */
  stopSignal(signal: NodeJS.Signals | number, options?: { readonly timeout?: Duration }): this;
}
