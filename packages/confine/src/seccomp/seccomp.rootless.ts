/** Filters, handlers and learning without root. */
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, test } from 'vitest';

describeWith(['ordinary-user', 'seccomp'], 'seccomp without root', () => {
  test('takes no_new_privs, and says so before anything is tried', async () => {
    const refused = await haco().seccomp('default').command('true').run();
    expect(refused._unsafeUnwrapErr().message).toContain('add noNewPrivileges(), or unshare("user")');
    await orThrow(haco().noNewPrivileges().seccomp('default').command('true').run());
    const { stdout } = await expectNothingLeft(() =>
      orThrow(haco().noNewPrivileges().seccomp('default').command('grep', 'Seccomp:', '/proc/self/status').run()),
    );
    expect(stdout).toBe('Seccomp:\t2\n');
  });

  test('handlers answer, and a run teaches', async () => {
    const base = haco().noNewPrivileges().command('mkdir', '/tmp/haco-never');
    const answered = await orThrow(base.onSyscall('mkdir', () => ({ errno: 'EROFS' })).run());
    expect(answered.stderr).toContain('Read-only file system');
    const { profile } = await expectNothingLeft(() => orThrow(haco().noNewPrivileges().command('true').learn()));
    expect((await orThrow(haco().noNewPrivileges().seccomp(profile).command('true').run())).exitCode).toBe(0);
  });
});

describeWith(['ordinary-user', 'userns', 'seccomp'], 'seccomp in a user namespace', () => {
  test.each([true, false])('handlers answer, whatever is given up; no_new_privs %s', async (nnp) => {
    const base = haco()
      .unshare('user')
      .caps('none')
      .when(nnp, (builder) => builder.noNewPrivileges());
    const outcome = await orThrow(
      base
        .onSyscall('mkdir', () => ({ errno: 'EROFS' }))
        .seccomp('default')
        .command('mkdir', '/tmp/haco-never')
        .run(),
    );
    expect(outcome.stderr).toContain('Read-only file system');
  });
});
