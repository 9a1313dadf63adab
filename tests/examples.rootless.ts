/** The examples that need no privilege, as an ordinary user. */
import { describeWith } from '@haco/testkit';
import { expect, it } from 'vitest';
import { patternOf, runExample } from './examples.js';

function expectExample(name: string): void {
  const { exitCode, stdout, stderr, expected } = runExample(name);
  expect(stdout).toMatch(patternOf(expected));
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
}

describeWith(['ordinary-user', 'userns'], 'examples without root', () => {
  it.each(['09-rootless', '31-dev-shell'])('%s prints what it says it prints', expectExample);
});

describeWith(['ordinary-user', 'seccomp'], 'examples with seccomp, without root', () => {
  it.each(['11-seccomp'])('%s prints what it says it prints', expectExample);
});

describeWith(['ordinary-user', 'landlock'], 'examples with Landlock, without root', () => {
  it.each(['12-landlock'])('%s prints what it says it prints', expectExample);
});
