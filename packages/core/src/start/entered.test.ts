/** What is said of a container that ends while its namespaces are opened. */
import { expect, test } from 'vitest';
import { enteredFd, fileOf, type Entered } from '@haco/namespaces';
import { syscall, type Operation } from '@haco/plan';
import { haco, orThrow } from '../index.js';
import { endedMeanwhile } from './entered.js';

const container = { pid: 4711, startTime: 9 };
const entered: Entered = { kind: 'uts', ...container };
const spec = orThrow(haco().enter('uts', { container }).enter('ipc', { pid: 4712 }).command('/bin/true').spec());
const [step] = orThrow(haco().command('/bin/true').explain()).steps;

const said = (operation: Operation, errno: string): string | undefined =>
  step === undefined ? undefined : endedMeanwhile({ step, operation, errno }, spec)?.kind;

test('its file is gone, or its descriptor says so: the container has ended', () => {
  expect(said(syscall('openat', [-100, fileOf(entered), 0, 0]), 'ENOENT')).toBe('state');
  expect(said(syscall('pidfd_send_signal', [{ fd: enteredFd(entered) ?? '' }, 0, 0, 0]), 'ESRCH')).toBe('state');
});

test('all else is an error of its step', () => {
  const other: Entered = { kind: 'ipc', pid: 4712 };
  expect(said(syscall('openat', [-100, fileOf(other), 0, 0]), 'ENOENT')).toBeUndefined();
  expect(said(syscall('openat', [-100, fileOf(entered), 0, 0]), 'EACCES')).toBeUndefined();
});
