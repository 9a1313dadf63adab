/** How long a container may run, how much it may say, and who may stop it: watched by Node, not by the kernel. */
import { err, ok, type Result } from 'neverthrow';
import {
  isLiveJson,
  Live,
  issue,
  parseBytes,
  parseDuration,
  rejected,
  type Duration,
  type Issue,
  type Part,
  type Rejected,
  type Size,
} from '@haco/plan';

/** Section `control` of the spec. */
export interface ControlSection {
  /** Milliseconds from the start of the command. */
  readonly timeoutMs?: number;
  /** Bytes of stdout and stderr together that `run()` captures. */
  readonly outputLimitBytes?: number;
  readonly abort?: Live<AbortSignal>;
}

/** What `run()` captures when nothing else was said: enough for logs, not enough to exhaust Node's memory. */
export const defaultOutputLimitBytes = 64 * 1024 ** 2;

export interface ControlMethods {
  /**
   * Kill the container when its command runs longer than this; `reason` is then `timeout`. Replaces an earlier value.
   *
   * @param duration - milliseconds, or text such as `'10s'`, `'1m30s'`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().timeout('10s').command('make');
   * ```
   */
  timeout(duration: Duration): this;
  /**
   * Kill the container when it writes more than this to captured stdout and stderr together; `reason` is then
   * `output-limit`, and what came before is in the outcome. 64 MiB without this verb. Replaces an earlier value.
   *
   * @param size - bytes, or text such as `'1MiB'`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().outputLimit('1MiB').command('yes');
   * ```
   */
  outputLimit(size: Size): this;
  /**
   * Kill the container when the signal is aborted; `reason` is then `aborted`. When it is aborted before the start, the start is
   * refused with a `state` error. Replaces an earlier signal.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const controller = new AbortController();
   * haco().signal(controller.signal).command('sleep', '60');
   * ```
   */
  signal(signal: AbortSignal): this;
}

function parse(json: unknown): Result<ControlSection, readonly Issue[]> {
  if (typeof json !== 'object' || json === null) return err([issue('', 'must be an object')]);
  const { timeoutMs, outputLimitBytes, abort } = json as Record<string, unknown>;
  const issues: Issue[] = [];
  if (timeoutMs !== undefined && typeof timeoutMs !== 'number') issues.push(issue('timeoutMs', 'must be a number'));
  if (outputLimitBytes !== undefined && typeof outputLimitBytes !== 'number') {
    issues.push(issue('outputLimitBytes', 'must be a number'));
  }
  if (abort !== undefined && !(abort instanceof Live)) {
    const what = isLiveJson(abort) ? abort.live : 'this';
    issues.push(issue('abort', `${what} can't come from JSON; call .signal() on the builder again`));
  }
  if (issues.length > 0) return err(issues);
  return ok(json as ControlSection);
}

function validate(section: ControlSection): readonly Issue[] {
  const issues: Issue[] = [];
  if (section.timeoutMs !== undefined && !(section.timeoutMs > 0)) {
    issues.push(issue('control.timeoutMs', 'must be more than 0 ms'));
  }
  if (section.timeoutMs !== undefined && section.timeoutMs > 2 ** 31 - 1) {
    issues.push(issue('control.timeoutMs', 'must be less than 24 days, the longest timer of Node'));
  }
  if (section.outputLimitBytes !== undefined && !(section.outputLimitBytes >= 0)) {
    issues.push(issue('control.outputLimitBytes', 'must not be negative'));
  }
  return issues;
}

/** The part `control`. */
export const control = {
  key: 'control',
  scope: 'container',
  empty: {},
  verbs: {
    timeout: (section, duration) =>
      parseDuration(duration).match<ControlSection | Rejected>(
        (timeoutMs) => ({ ...section, timeoutMs }),
        (message) => rejected('control.timeoutMs', message),
      ),
    outputLimit: (section, size) =>
      parseBytes(size).match<ControlSection | Rejected>(
        (outputLimitBytes) => ({ ...section, outputLimitBytes }),
        (message) => rejected('control.outputLimitBytes', message),
      ),
    signal: (section, signal) =>
      signal instanceof AbortSignal
        ? { ...section, abort: new Live(signal, 'an AbortSignal') }
        : rejected('control.abort', 'must be an AbortSignal'),
  },
  parse,
  validate,
  plan: () => [],
} as const satisfies Part<'control', ControlSection, ControlMethods>;
