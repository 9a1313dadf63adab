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
    // The kernel ignores this one since 2.4.30 (getrlimit(2)), so that no host lowers it.
    writeRlimit(pid, 'rss', { soft: 2 ** 40, hard: 'unlimited' })._unsafeUnwrap();
    expect(limitsLine('Max resident set')).toMatch(/ 1099511627776 +unlimited /);
    expect(readRlimit(pid, 'rss')._unsafeUnwrap()).toEqual({ soft: 2 ** 40, hard: 'unlimited' });
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

  test('a limit is known by all of its names', () => {
    const limit = readRlimit(pid, 'nofile')._unsafeUnwrap();
    for (const name of ['NOFILE', 'RLIMIT_NOFILE', 7] as const) {
      expect(readRlimit(pid, name)._unsafeUnwrap()).toEqual(limit);
      expect(writeRlimit(pid, name, limit)._unsafeUnwrap()).toEqual(limit);
    }
  });

  test.each([
    ['bogus', { soft: 1, hard: 1 }, /^The spec is invalid: kind: "bogus" is no resource limit; use one of cpu, /],
    [99, { soft: 1, hard: 1 }, /^The spec is invalid: kind: 99 is no resource limit; use one of cpu, /],
    ['nofile', { soft: '1k', hard: 5 }, /^The spec is invalid: limit\.soft: "1k" is not a number\.$/],
    ['nofile', { soft: -5, hard: 5 }, /^The spec is invalid: limit\.soft: -5 is not a whole, non-negative number; /],
    ['nofile', { soft: 1.5, hard: 5 }, /^The spec is invalid: limit\.soft: 1\.5 is not a whole, non-negative number; /],
    ['nofile', { soft: 1 }, /^The spec is invalid: limit\.hard: is missing; give soft and hard\.$/],
    [
      'nofile',
      { soft: 1, hard: 2, max: 3 },
      /^The spec is invalid: limit\.max: is not known here; there are soft, hard\.$/,
    ],
    ['nofile', null, /^The spec is invalid: limit: null is not \{ soft, hard \}\.$/],
  ])('what makes no sense is an error, not an exception: %s %o', (kind, limit, message) => {
    expect(writeRlimit(pid, kind as never, limit as never)._unsafeUnwrapErr().message).toMatch(message);
  });

  test('0 is not taken for the caller', () => {
    const before = readRlimit(process.pid, 'fsize')._unsafeUnwrap();
    for (const wrong of [0, -1, Number.NaN, '7'] as never[]) {
      expect(writeRlimit(wrong, 'fsize', { soft: 0, hard: before.hard })._unsafeUnwrapErr()).toMatchObject({
        kind: 'invalid-spec',
        issues: [{ path: 'pid' }],
      });
    }
    expect(readRlimit(process.pid, 'fsize')._unsafeUnwrap()).toEqual(before);
  });

  test('several limits are changed together or not at all', () => {
    const before = readRlimit(pid, 'fsize')._unsafeUnwrap();
    const soft = { soft: 4096, hard: before.hard };
    expect(updateRlimits(pid, { fsize: soft })._unsafeUnwrap()).toEqual([{ kind: 'fsize', from: before, to: soft }]);
    const error = updateRlimits(pid, { fsize: { soft: 8192, hard: before.hard }, stack: { soft: 2, hard: 1 } });
    expect(error._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: rlimits.stack: the soft limit 2 is above the hard limit 1; raise the hard limit.',
    );
    expect(readRlimit(pid, 'fsize')._unsafeUnwrap()).toEqual(soft);
  });
});
