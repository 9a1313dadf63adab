/** Resource limits of containers, on the real kernel. */
import { haco, orThrow } from '@haco/core';
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';

describeWith(['root'], 'rlimits', () => {
  test('the container sees them, soft and hard', async () => {
    const { stdout, enforced } = await orThrow(
      haco()
        .rlimit('nofile', 100, 200)
        .rlimit('RLIMIT_CORE', 0)
        .rlimit('fsize', '1MiB')
        .rlimit('cpu', '30s', 'unlimited')
        .command('/bin/cat', '/proc/self/limits')
        .run(),
    );
    expect(stdout).toMatch(/^Max open files +100 +200 /m);
    expect(stdout).toMatch(/^Max core file size +0 +0 /m);
    expect(stdout).toMatch(/^Max file size +1048576 +1048576 /m);
    expect(stdout).toMatch(/^Max cpu time +30 +unlimited /m);
    expect(enforced).toMatchObject({ 'rlimit:nofile': 'enforced', 'rlimit:core': 'enforced' });
  });

  test('a limit on open files bites', async () => {
    const opens = haco().sh('exec 3</dev/null 4</dev/null');
    expect((await orThrow(opens.rlimit('nofile', 5).run())).exitCode).toBe(0);
    expect((await orThrow(opens.rlimit('nofile', 4).run())).exitCode).not.toBe(0);
  });

  test('the limits of the caller stay', async () => {
    const before = process.report?.getReport() as { readonly userLimits?: unknown } | undefined;
    await orThrow(haco().rlimit('core', 0).command('/bin/true').run());
    const after = process.report?.getReport() as { readonly userLimits?: unknown } | undefined;
    expect(after?.userLimits).toEqual(before?.userLimits);
  });

  test('more open files than the kernel gives is refused before anything starts', async () => {
    const error = (await haco().rlimit('nofile', 'unlimited').command('/bin/true').run())._unsafeUnwrapErr();
    expect(error.message).toMatch(/fs\.nr_open/);
  });
});
