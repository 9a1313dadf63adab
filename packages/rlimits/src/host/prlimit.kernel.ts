/** Limits of live processes, on the real kernel. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { probeHost } from '@haco/sys';
import { readRlimit, writeRlimit } from './prlimit.js';
import { updateRlimits } from './update.js';

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

  test('more descriptors than fs.nr_open are refused, with the number', () => {
    const nrOpen = Number(readFileSync('/proc/sys/fs/nr_open', 'utf8'));
    const error = writeRlimit(pid, 'nofile', { soft: 10, hard: nrOpen + 1 })._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'permission' });
    expect(error.message).toContain(`fs.nr_open allows, which is ${String(nrOpen)}`);
  });

  test('a hard limit can be raised again only with the capability', () => {
    writeRlimit(pid, 'msgqueue', { soft: 5, hard: 10 })._unsafeUnwrap();
    const raised = writeRlimit(pid, 'msgqueue', { soft: 5, hard: 11 });
    if (probeHost().capabilities.includes('sys_resource')) {
      expect(raised.isOk()).toBe(true);
    } else {
      expect(raised._unsafeUnwrapErr().message).toContain('from 10 to 11: that needs CAP_SYS_RESOURCE');
    }
  });

  test('several limits are changed together or not at all', () => {
    const before = readRlimit(pid, 'fsize')._unsafeUnwrap();
    const soft = { soft: 4096, hard: before.hard };
    expect(updateRlimits(pid, { fsize: soft })._unsafeUnwrap()).toEqual([{ kind: 'fsize', from: before, to: soft }]);
    const error = updateRlimits(pid, { fsize: { soft: 8192, hard: before.hard }, stack: { soft: 2, hard: 1 } });
    expect(error._unsafeUnwrapErr()).toMatchObject({ kind: 'syscall', errno: 'EINVAL', cleanup: [] });
    expect(readRlimit(pid, 'fsize')._unsafeUnwrap()).toEqual(soft);
  });
});
