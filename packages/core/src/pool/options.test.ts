/** What a pool can't have is told at once, before anything is made. */
import { expect, test } from 'vitest';
import { haco, type PoolOptions } from '../index.js';

test('a pool says everything that it can not have at once', async () => {
  const builder = haco().name('x').tty().rlimit('nofile', 5);
  const error = (await builder.pool({} as PoolOptions))._unsafeUnwrapErr();
  expect(error.message).toBe(
    'The spec has 4 problems: pool.size: must be a whole number from 1 to 1024; ' +
      'identity.name: is one, and a pool makes many containers; leave it out; ' +
      'process.tty: belongs to one container; use start() for it; ' +
      'rlimits.nofile: must be 7 at least: streams are handed over as descriptors.',
  );
  const other = haco().stdin('inherit').startFifo('/f').pool({ size: 1025 });
  expect((await other)._unsafeUnwrapErr().message).toBe(
    'The spec has 3 problems: pool.size: must be a whole number from 1 to 1024; ' +
      'process.startFifo: is another way to wait for a command; leave it out; ' +
      'process.stdin: is the terminal of the caller, which no container can wait with; leave it out.',
  );
});
