/** Reading the lines of the probe. */
import { expect, test } from 'vitest';
import { parseAnswer, parseFailure, parseReport } from './probe-answers.js';

const failure = '{"ok":false,"syscall":"mount","errno":"EPERM","message":"Operation not permitted"}\n';

test('an answer is read, a failure is thrown with its line', () => {
  expect(parseAnswer('cwd', '{"cwd":"/"}\n')).toEqual({ cwd: '/' });
  expect(() => parseAnswer('mount', failure)).toThrow(`The probe's command "mount" failed: ${failure.trim()}`);
  expect(() => parseAnswer('ids', '')).toThrow(
    `The probe's command "ids" should print one line of JSON, and printed nothing.`,
  );
});

test('an expected failure is read, an answer instead of it is thrown', () => {
  expect(parseFailure('mount', failure).errno).toBe('EPERM');
  expect(() => parseFailure('mount', '{"ok":true}')).toThrow('was expected to fail, and answered: {"ok":true}');
});

test('a report has one answer for each command', () => {
  expect(parseReport(['cwd', 'umask'], '{"cwd":{"cwd":"/"},"umask":{"umask":"0022"}}').umask.umask).toBe('0022');
  expect(() => parseReport(['mount'], `{"mount":${failure}}`)).toThrow(`The probe's report on "mount" failed`);
});
