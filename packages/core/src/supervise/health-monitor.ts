/** Looks regularly whether a container does its work. */
import type { Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { Outcome } from '../outcome.js';
import type { HealthState } from '../state/container-state.js';
import type { HealthSection } from './section.js';

/** What a monitor needs. */
export interface MonitorParts {
  readonly section: HealthSection;
  /** Run the check in the container. */
  readonly check: (command: readonly string[], timeoutMs: number) => Promise<Result<Outcome, HacoError>>;
  /** Something is different from before. */
  readonly changed: (state: HealthState) => void;
  /** It has become unhealthy. */
  readonly unhealthy: () => void;
  /** It isn't looked at while it is paused. */
  readonly isPaused: () => boolean;
}

/** How much of the output of a check is kept. */
const outputLength = 1024;

/** A container whose check hasn't run yet. */
export const startingHealth: HealthState = { status: 'starting', failures: 0, checkedAt: null, output: '' };

/** The next state after a check. Within the start period failures don't count. */
export function nextHealth(
  before: HealthState,
  { succeeded, output, inStartPeriod }: { succeeded: boolean; output: string; inStartPeriod: boolean },
  retries: number,
): HealthState {
  const checkedAt = new Date().toISOString();
  if (succeeded) return { status: 'healthy', failures: 0, checkedAt, output };
  const excused = inStartPeriod && before.status === 'starting';
  const failures = excused ? 0 : before.failures + 1;
  return { status: failures >= retries ? 'unhealthy' : before.status, failures, checkedAt, output };
}

/** Checks until it is stopped. */
export class HealthMonitor {
  #state = startingHealth;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #beganMs = performance.now();
  readonly #parts: MonitorParts;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    parts.changed(this.#state);
    this.#schedule();
  }

  /** No check is begun any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#look(), this.#parts.section.intervalMs);
  }

  async #look(): Promise<void> {
    const { section, check, changed, unhealthy, isPaused } = this.#parts;
    if (isPaused()) {
      this.#schedule();
      return;
    }
    const result = await check(section.command, section.timeoutMs);
    if (this.#stopped) return;
    const succeeded = result.isOk() && result.value.exitCode === 0;
    const output = result.match(
      ({ reason, stdout, stderr }) => (reason === 'timeout' ? 'it took too long' : `${stdout}${stderr}`),
      (error) => error.message,
    );
    const inStartPeriod = performance.now() - this.#beganMs < section.startPeriodMs;
    const before = this.#state;
    const facts = { succeeded, inStartPeriod, output: output.slice(-outputLength) };
    this.#state = nextHealth(before, facts, section.retries);
    changed(this.#state);
    if (this.#state.status === 'unhealthy' && before.status !== 'unhealthy') unhealthy();
    this.#schedule();
  }
}
