/** The profile of haco as data. */
import { expect, test } from 'vitest';
import { defaultProfile } from './default-profile.js';
import { parseProfile } from './read-profile.js';

test('is valid, and every rule says why', () => {
  for (const profile of defaultProfile) {
    expect(parseProfile(profile)._unsafeUnwrap()).toEqual(profile);
    for (const { comment } of profile.syscalls ?? []) expect(comment).toMatch(/\w/);
  }
});

test('no system call is in two groups', () => {
  const [, main] = defaultProfile;
  const names = (main.syscalls ?? []).filter(({ args }) => args === undefined).flatMap((rule) => rule.names);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
