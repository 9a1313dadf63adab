/** Landlock without any privilege and without any namespace. */
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { haco, orThrow } from '@haco/core';
import { beforeAll, expect, test } from 'vitest';

describeWith(['ordinary-user', 'landlock', 'kernel:6.12'], 'Landlock for an ordinary user', () => {
  const programs = ['/usr', '/bin', '/lib', '/lib64'];
  beforeAll(async () => void (await orThrow(haco().command('/bin/true').run())));

  test('denies what was not named', () =>
    expectNothingLeft(async () => {
      const read = haco().noNewPrivileges().command('/bin/cat', '/etc/passwd');
      expect((await orThrow(read.run())).stdout).toContain('root');
      const confined = await orThrow(read.landlock({ execute: programs }).run());
      expect(confined.stderr).toContain('Permission denied');
      expect(confined.enforced).toMatchObject({ landlock: 'enforced' });
    }));

  test('is refused with what it takes', async () => {
    const error = (await haco().landlock({ read: '/' }).command('/bin/true').run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'permission' });
    expect(error.message).toContain('add noNewPrivileges()');
  });
});
