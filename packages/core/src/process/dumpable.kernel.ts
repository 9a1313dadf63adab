/** Who may look into a container's process before it is the command, and after. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Builder } from '../index.js';

beforeAll(warmUp);

/** What somebody with the privileges of `who` reads of the container's memory map, before its command runs and while it does. */
async function looks(who: Builder): Promise<{ before: number | null; after: number | null }> {
  const directory = await makeTemporaryDirectory('dumpable');
  const fifo = join(directory, 'start');
  execFileSync('mkfifo', [fifo]);
  try {
    await using container = await orThrow(who.command('/bin/sleep', '60').startFifo(fifo).start());
    const look = async (): Promise<number | null> => {
      const outcome = await orThrow(who.command('/bin/cat', `/proc/${String(container.pid)}/mem`).run());
      // Address 0 is not mapped: whoever may open the memory gets EIO for reading there.
      return outcome.stderr.includes('Permission denied') ? null : (outcome.exitCode ?? -1);
    };
    const before = await look();
    writeFileSync(fifo, 'x');
    // The command's own name tells that it runs.
    while (execFileSync('cat', [`/proc/${String(container.pid)}/comm`], { encoding: 'utf8' }) !== 'sleep\n');
    return { before, after: await look() };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describeWith(['root'], 'a container with fewer privileges', () => {
  test.each([
    ['capabilities', haco().caps('chown')],
    ['users', haco().user(12_345)],
    ['both', haco().user(12_345).caps('chown')],
  ] as const)('is out of reach of equals until its command runs: %s', async (_, who) => {
    const { before, after } = await expectNothingLeft(() => looks(who));
    expect(before).toBeNull();
    // The same look succeeds at a command, so it would have succeeded before.
    expect(after).toBe(1);
  });
});
