/** A pool of an ordinary user. */
import { beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Builder } from '../index.js';

beforeAll(warmUp);

const runs = (builder: Builder) =>
  expectNothingLeft(async () => {
    await using pool = await orThrow(builder.pool({ size: 2 }));
    const words = ['a', 'b', 'c', 'd', 'e'];
    const script = 'read word; id -u; echo $word';
    return await Promise.all(
      words.map((word) => orThrow(pool.run({ command: ['/bin/sh', '-c', script], stdin: { text: `${word}\n` } }))),
    );
  });

const echoed = (uid: number) => ['a', 'b', 'c', 'd', 'e'].map((word) => `${String(uid)}\n${word}\n`);

describeWith(['ordinary-user'], 'without any namespace', () => {
  test('a pool runs commands as the caller', async () => {
    expect((await runs(haco())).map(({ stdout }) => stdout)).toEqual(echoed(process.getuid?.() ?? 0));
  });
});

describeWith(['ordinary-user', 'userns'], 'with a user namespace', () => {
  test('a pool runs commands as root inside', async () => {
    const builder = haco().unshare('user', 'pid', 'mount').tmpfs('/tmp').noNewPrivileges();
    expect((await runs(builder)).map(({ stdout }) => stdout)).toEqual(echoed(0));
  });
});
