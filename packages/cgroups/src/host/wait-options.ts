/** How long a call may wait for the kernel. */
import { parseDuration, type Duration, type HacoError } from '@haco/plan';
import type { Result } from 'neverthrow';
import { isDuration, readOptions } from './options.js';

/** How long to wait. */
export interface WaitOptions {
  /** Milliseconds, or text such as `'10s'`; 5 s when left out. */
  readonly timeout?: Duration;
}

const defaultTimeoutMs = 5000;

/** Milliseconds to wait. */
export function timeoutOf(options: WaitOptions): Result<number, HacoError> {
  return readOptions(options, { timeout: isDuration }).map(({ timeout }) =>
    timeout === undefined ? defaultTimeoutMs : parseDuration(timeout).unwrapOr(defaultTimeoutMs),
  );
}
