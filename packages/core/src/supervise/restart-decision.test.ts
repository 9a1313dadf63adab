/** Who is started again, and after how long. */
import { expect, test } from 'vitest';
import { pauseBeforeRestart, type Ended } from './restart-decision.js';
import type { RestartSection } from './section.js';

const section = (policy: RestartSection['policy'], more: Partial<RestartSection> = {}): RestartSection => ({
  policy,
  delayMs: 100,
  backoff: 2,
  ...more,
});
const ended: Ended = { succeeded: false, stopRequested: false, restartRequested: false, row: 0 };

test.each<readonly [string, RestartSection | undefined, Partial<Ended>, number | undefined]>([
  ['without a policy nothing', undefined, {}, undefined],
  ['no', section('no'), {}, undefined],
  ['on-failure after a failure', section('on-failure'), {}, 100],
  ['on-failure after success', section('on-failure'), { succeeded: true }, undefined],
  ['always after success', section('always'), { succeeded: true }, 100],
  ['unless-stopped after success', section('unless-stopped'), { succeeded: true }, 100],
  ['always after stop()', section('always'), { stopRequested: true }, undefined],
  ['an unhealthy one without a policy', undefined, { restartRequested: true }, 100],
  ['an unhealthy one that was stopped', undefined, { restartRequested: true, stopRequested: true }, undefined],
  ['later ones in a row wait longer', section('always'), { row: 3 }, 800],
  ['up to a minute', section('always'), { row: 30 }, 60_000],
  ['or as long as was asked for', section('always', { delayMs: 90_000 }), { row: 3 }, 90_000],
  ['a steady pause', section('always', { backoff: 1 }), { row: 9 }, 100],
  ['the last one of a row', section('always', { max: 3 }), { row: 2 }, 400],
  ['and no more', section('always', { max: 3 }), { row: 3 }, undefined],
])('%s', (_name, restart, more, pauseMs) => {
  expect(pauseBeforeRestart(restart, { ...ended, ...more })).toBe(pauseMs);
});
