/** What sessionKeyring() asks of the kernel. */
import { storedHosts } from '@haco/testkit';
import { expect, test } from 'vitest';
import { callsOf, contextOf, hostWith } from '../fixture.js';
import { keyring } from './part.js';

test('one call, after the change of user, by a name that nobody can join', () => {
  const section = keyring.verbs.sessionKeyring({});
  const steps = keyring.plan(section);
  expect(callsOf(steps)).toEqual(['keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0)']);
  expect(steps[0]?.phase).toBe('confine');
  expect(keyring.plan({})).toEqual([]);
  expect(keyring.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
});

test('a host without keyrings is told before', () => {
  const warnings = (host: Parameters<typeof contextOf>[0]) =>
    keyring.check({ session: true }, contextOf(host)).map(({ kind, message }) => `${kind}: ${message}`);
  expect(warnings(hostWith({}))).toEqual([]);
  const { confinement: _, ...silent } = storedHosts.v2;
  for (const host of [hostWith({ keyrings: false }), silent]) {
    expect(warnings(host)).toEqual([
      'unsupported: This kernel has no keyrings (CONFIG_KEYS), or an outer container forbids keyctl(2); check with "cat /proc/keys", leave sessionKeyring() out where there are none, or allow the call in the seccomp profile of the outer container.',
    ]);
  }
  expect(keyring.check({}, contextOf(silent))).toEqual([]);
});
