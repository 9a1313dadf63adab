/** Which processes count as those of a test. */
import { expect, test } from 'vitest';
import { isNamedHaco, ownProcesses, parseStat, type ProcessInfo } from './processes.js';

test('a process name with spaces and brackets does not shift the fields', () => {
  const line = '42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1000 10 184467';
  expect(parseStat(line)).toEqual({ pid: 42, comm: 'a) b (c', state: 'S', ppid: 7, startTime: 98765 });
  expect(parseStat('')).toBeUndefined();
});

test('a process is named after haco by its program, or by its group in any hierarchy', () => {
  const groups = (own: string): string => `5:pids:${own}\n4:memory:/\n0::/init.scope\n`;
  expect(isNamedHaco(['sleep', '/bin/sleep', 'sleep'], groups('/haco-test'))).toBe(true);
  expect(isNamedHaco(['sleep', '/bin/sleep', 'sleep'], groups('/user.slice'))).toBe(false);
  expect(isNamedHaco(['node', '/usr/bin/node', '/srv/haco/tool'], groups('/haco/user.slice'))).toBe(false);
  expect(isNamedHaco(['haco-init', '/memfd:haco-init', ''], '')).toBe(true);
});

const process = (pid: number, ppid: number, comm: string): ProcessInfo => ({
  pid,
  ppid,
  comm,
  state: 'S',
  startTime: 1,
  haco: comm.includes('haco'),
});

test('descendants and orphans of haco are ours; those of another test run are not', () => {
  const table = [
    process(1, 0, 'init'),
    process(10, 1, 'vitest'),
    process(20, 10, 'us'),
    process(21, 20, 'sleep'),
    process(22, 21, 'deep'),
    process(30, 10, 'another-worker'),
    process(31, 30, 'haco-init'),
    process(40, 1, 'haco-supervisor'),
    process(41, 40, 'haco-init'),
    process(50, 1, 'cron'),
    process(51, 50, 'haco-init'),
  ];
  expect(ownProcesses(table, 20).map(({ pid }) => pid)).toEqual([21, 22, 40, 41]);
});
