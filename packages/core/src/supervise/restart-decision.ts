/** Whether a container is started again, and when: a pure decision. */
import { usualPauses, type RestartSection } from './section.js';

/** What is known when it has ended. */
export interface Ended {
  /** Whether it did what it should: exit code 0. */
  readonly succeeded: boolean;
  /** Somebody has asked it to stop. */
  readonly stopRequested: boolean;
  /** Its health check has asked for another start. */
  readonly restartRequested: boolean;
  /** How often it was started again in a row. */
  readonly row: number;
}

/** A run of this length was a good one: the next restart begins a new row. */
export const goodRunMs = 10_000;
const longestPauseMs = 60_000;
const otherwise: RestartSection = { policy: 'no', ...usualPauses };

/** The pause before the next start in milliseconds; undefined: it stays as it is. */
export function pauseBeforeRestart(section: RestartSection | undefined, ended: Ended): number | undefined {
  const { policy, max, delayMs, backoff } = section ?? otherwise;
  if (ended.stopRequested) return undefined;
  const wanted =
    ended.restartRequested ||
    policy === 'always' ||
    policy === 'unless-stopped' ||
    (policy === 'on-failure' && !ended.succeeded);
  if (!wanted || (max !== undefined && ended.row >= max)) return undefined;
  return Math.max(delayMs, Math.min(longestPauseMs, delayMs * backoff ** ended.row));
}
