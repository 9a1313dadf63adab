/** Limits of live processes, as a user without CAP_SYS_RESOURCE. */
import { spawn } from 'node:child_process';
import { describeWith } from '@haco/testkit';
import { afterAll, expect, test } from 'vitest';
import { readRlimit, writeRlimit } from './prlimit.js';
import { updateRlimits } from './update.js';

describeWith(['ordinary-user'], 'prlimit of an ordinary user', () => {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  afterAll(() => child.kill('SIGKILL'));

  test('lowers a hard limit, and can not raise it again', () => {
    expect(writeRlimit(pid, 'fsize', { soft: 5, hard: 10 }).isOk()).toBe(true);
    expect(writeRlimit(pid, 'fsize', { soft: 5, hard: 11 })._unsafeUnwrapErr().message).toBe(
      `Not allowed to raise the hard RLIMIT_FSIZE of process ${String(pid)} from 10 to 11: that needs CAP_SYS_RESOURCE on the host, which this process lacks; ask for at most 10 (the size of files that it writes), or run it with that capability.`,
    );
    expect(readRlimit(pid, 'fsize')._unsafeUnwrap()).toEqual({ soft: 5, hard: 10 });
  });

  test('changes none when one is refused, and puts the others back', () => {
    const before = readRlimit(pid, 'stack')._unsafeUnwrap();
    writeRlimit(pid, 'data', { soft: 2 ** 30, hard: 2 ** 30 })._unsafeUnwrap();
    const changed = updateRlimits(pid, {
      stack: { soft: 65_536, hard: before.hard },
      data: { soft: 5, hard: 2 ** 31 },
    });
    expect(changed._unsafeUnwrapErr().kind).toBe('permission');
    expect(readRlimit(pid, 'stack')._unsafeUnwrap()).toEqual(before);
    expect(readRlimit(pid, 'data')._unsafeUnwrap()).toEqual({ soft: 2 ** 30, hard: 2 ** 30 });
  });

  test('is refused for a process of another user', () => {
    expect(writeRlimit(1, 'core', { soft: 0, hard: 0 })._unsafeUnwrapErr().message).toBe(
      'Not allowed to set RLIMIT_CORE of process 1: it belongs to another user, and this process lacks CAP_SYS_RESOURCE; run it as the same user, or with that capability.',
    );
  });
});
