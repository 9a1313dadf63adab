/** What no_new_privs asks of the kernel. */
import { describe, expect, test } from 'vitest';
import { noNewPrivs } from './part.js';

describe('noNewPrivileges', () => {
  test('is one prctl, as late as can be', () => {
    const [step, ...others] = noNewPrivs.plan(noNewPrivs.verbs.noNewPrivileges({}));
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
    expect(noNewPrivs.plan(noNewPrivs.empty)).toEqual([]);
    expect(noNewPrivs.plan({ noNewPrivileges: false })).toEqual([]);
  });

  test('sections survive JSON, other shapes are refused with their paths', () => {
    expect(noNewPrivs.parse({ noNewPrivileges: true })._unsafeUnwrap()).toEqual({ noNewPrivileges: true });
    expect(noNewPrivs.parse({})._unsafeUnwrap()).toEqual({});
    const issues = noNewPrivs.parse({ noNewPrivileges: 1, seccomp: {} })._unsafeUnwrapErr();
    expect(issues.map(({ path }) => path)).toEqual(['seccomp', 'noNewPrivileges']);
  });
});
