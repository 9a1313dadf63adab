/** Limits of live processes, on the real kernel. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { readRlimit, writeRlimit } from './prlimit.js';

const child = spawn('sleep', ['60']);
const pid = child.pid ?? 0;
afterAll(() => child.kill('SIGKILL'));

function limitsLine(name: string): string {
  return (
    readFileSync(`/proc/${String(pid)}/limits`, 'utf8')
      .split('\n')
      .find((line) => line.startsWith(name)) ?? ''
  );
}

describe('prlimit', () => {
  test('changes a limit of a running process and gives the earlier one', () => {
    const before = readRlimit(pid, 'nofile')._unsafeUnwrap();
    expect(writeRlimit(pid, 'nofile', { soft: 123, hard: 456 })._unsafeUnwrap()).toEqual(before);
    expect(readRlimit(pid, 'nofile')._unsafeUnwrap()).toEqual({ soft: 123, hard: 456 });
    expect(limitsLine('Max open files')).toMatch(/ 123 +456 /);
  });

  test('no limit is told apart from a large one', () => {
    writeRlimit(pid, 'core', { soft: 2 ** 40, hard: 'unlimited' })._unsafeUnwrap();
    expect(limitsLine('Max core file size')).toMatch(/ 1099511627776 +unlimited /);
    expect(readRlimit(pid, 'core')._unsafeUnwrap()).toEqual({ soft: 2 ** 40, hard: 'unlimited' });
  });

  test('a process that is not there is not found', () => {
    expect(readRlimit(4_194_303, 'core')._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', subject: '4194303' });
  });

  test('a soft limit above the hard one is refused by name', () => {
    const error = writeRlimit(pid, 'core', { soft: 2, hard: 1 })._unsafeUnwrapErr();
    expect(error.message).toContain(
      `Could not set RLIMIT_CORE of process ${String(pid)}: prlimit64(${String(pid)}, RLIMIT_CORE, {rlim_cur=2, rlim_max=1}, &old) failed with EINVAL`,
    );
  });
});
