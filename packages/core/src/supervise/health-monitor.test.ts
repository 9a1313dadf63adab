/** How checks in a row become a status. */
import { expect, test } from 'vitest';
import { nextHealth, startingHealth } from './health-monitor.js';
import type { HealthState } from '../state/container-state.js';

/** The statuses after checks: `+` well, `-` failed, `.` failed within the start period. */
function statuses(checks: string, retries = 2): readonly string[] {
  let state: HealthState = startingHealth;
  return [...checks].map((check) => {
    const facts = { succeeded: check === '+', inStartPeriod: check === '.', output: '' };
    state = nextHealth(state, facts, retries);
    return state.status;
  });
}

test('one success is enough, one failure isn’t', () => {
  expect(statuses('-+-+--')).toEqual(['starting', 'healthy', 'healthy', 'healthy', 'healthy', 'unhealthy']);
});

test('failures in the start period don’t count until it was well once', () => {
  expect(statuses('...')).toEqual(['starting', 'starting', 'starting']);
  expect(statuses('+..')).toEqual(['healthy', 'healthy', 'unhealthy']);
});

test('it recovers', () => {
  expect(statuses('--+')).toEqual(['starting', 'unhealthy', 'healthy']);
});
