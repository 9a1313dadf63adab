/** What the confine part asks of the kernel. */
import { describe, expect, test } from 'vitest';
import { confine } from './part.js';

describe('noNewPrivileges', () => {
  test('is one prctl, as late as can be', () => {
    const [step, ...others] = confine.plan(confine.verbs.noNewPrivileges({}));
    expect(others).toEqual([]);
    expect(step).toMatchObject({
      phase: 'confine',
      from: 'confine.noNewPrivileges',
      operations: [
        {
          op: 'syscall',
          name: 'prctl',
          args: [{ flags: ['PR_SET_NO_NEW_PRIVS'], value: 38 }, 1, 0, 0, 0],
        },
      ],
      enforces: ['noNewPrivileges'],
    });
  });

  test('nothing asked is nothing done', () => {
    expect(confine.plan(confine.empty)).toEqual([]);
    expect(confine.plan({ noNewPrivileges: false })).toEqual([]);
  });

  test('sections survive JSON, other shapes are refused with their paths', () => {
    expect(confine.parse({ noNewPrivileges: true })._unsafeUnwrap()).toEqual({ noNewPrivileges: true });
    expect(confine.parse({})._unsafeUnwrap()).toEqual({});
    const issues = confine.parse({ noNewPrivileges: 1, seccomp: {} })._unsafeUnwrapErr();
    expect(issues.map(({ path }) => path)).toEqual(['seccomp', 'noNewPrivileges']);
  });
});
