/** Tests in shards: a warm pool runs each test file in a container of its own, as many at once as there are places. */
import { haco, orThrow } from '@haco/core';

// Stand-ins for test files: one is slow, one fails, one leaves a mess that would break the next one on a shared machine.
const files: Readonly<Record<string, string>> = {
  'add.test': 'test $((1 + 1)) = 2',
  'slow.test': 'sleep 0.2',
  'broken.test': 'echo "expected 4, found 5"; exit 1',
  'messy.test': 'touch /tmp/lock; exit 0',
  'clean.test': 'test ! -e /tmp/lock',
  'pid.test': 'test $$ = 1',
};

const isolated = haco().unshare('mount', 'pid', 'ipc', 'uts').tmpfs('/tmp').timeout('10s').memory('128MiB').pids(32);
await using pool = await orThrow(isolated.pool({ size: 3 }));

const waiting = Object.entries(files);
const results = new Map<string, string>();
/** One shard: takes the next file as soon as it is done with one. */
async function shard(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, script] = next;
    const { exitCode, stdout, reason } = await orThrow(pool.run({ command: ['/bin/sh', '-c', script] }));
    results.set(name, exitCode === 0 ? 'ok' : `FAILED (${reason} ${String(exitCode)}) ${stdout.trim()}`);
  }
}
await Promise.all([shard(), shard(), shard()]);

for (const name of Object.keys(files)) console.log(`${name.padEnd(12)} ${results.get(name) ?? 'did not run'}`);
