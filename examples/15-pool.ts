/** A warm pool: containers that wait for their command, for many short runs of one definition. */
import { haco, orThrow } from '@haco/core';

const isolated = haco().unshare('mount', 'pid', 'uts', 'ipc').tmpfs('/tmp').noNewPrivileges().timeout('10s');

await using pool = await orThrow(isolated.pool({ size: 4 }));

// Each run has a container of its own: what one leaves in /tmp, no other finds.
const script = 'echo "$1 $(cat) $$ $(ls /tmp | wc -l)"; touch /tmp/mine';
const runs = ['a', 'b', 'c', 'd', 'e', 'f'].map((word) =>
  orThrow(pool.run({ command: ['/bin/sh', '-c', script, 'sh', word], stdin: { text: word.toUpperCase() } })),
);
for (const { stdout, exitCode } of await Promise.all(runs)) console.log(stdout.trim(), exitCode);

// The limits of the definition are those of each run.
console.log((await orThrow(pool.run({ command: ['sleep', '60'], timeout: '50ms' }))).reason);

// Where the wait is in the plan, and what comes after it.
const { steps } = orThrow(pool.explain());
console.log(steps.slice(steps.findIndex(({ id }) => id === 'process.park')).map(({ label }) => label));
