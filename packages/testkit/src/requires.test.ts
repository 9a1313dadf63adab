/** Reasons why a machine can't run a test. */
import { expect, test } from 'vitest';
import { isAtLeast, requires } from './requires.js';

test('kernel releases are compared by number, not by letter', () => {
  expect(isAtLeast('6.1.0-18-amd64', '5.12')).toBe(true);
  expect(isAtLeast('5.9.1', '5.12')).toBe(false);
  expect(isAtLeast('5.12-rc3', '5.12')).toBe(true);
});

test('nothing asked is always met', () => {
  expect(requires()).toEqual({ ok: true });
});

test('all that is missing is told in one sentence', () => {
  const met = requires('tool:no-such-program', 'kernel:99.0', 'controller:no-such-controller');
  expect(met.ok ? '' : met.reason).toMatch(
    /^the program no-such-program isn't installed; Linux 99\.0 is needed, and this is .+; no mounted cgroup hierarchy has the controller no-such-controller$/,
  );
});
