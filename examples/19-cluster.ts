/** Several containers as one: what they have in common, who needs whom, how many of each, whose network they share. */
import { cluster, haco, hostOverlay, orThrow } from '@haco/core';

const shop = cluster(
  {
    web: { builder: (base) => base.sh('echo serving; sleep 60'), count: 2, dependsOn: ['db'], share: { net: 'db' } },
    db: (base) =>
      base
        .unshare('net')
        .readiness({ file: '/run/ready' })
        .sh('sleep 0.2; echo "the database is ready"; : > /run/ready; sleep 60'),
  },
  { name: 'shop', base: haco().unshare('mount', 'pid', 'uts').rootfs(hostOverlay()).tmpfs('/run') },
);

console.log(orThrow(shop.containers()).map(({ name }) => name));
await using running = await orThrow(shop.start());
let seen = 0;
for await (const { container, text } of running.lines()) {
  console.log(container === 'shop-db' ? `${container} | ${text}` : `shop-web | ${text}`);
  seen += 1;
  if (seen === 3) break;
}
const outcomes = await orThrow(running.stop({ grace: 0 }));
console.log([...outcomes.values()].map((outcome) => orThrow(outcome).reason));

// What makes no sense is told before anything is started.
const wrong = cluster({
  a: { builder: haco().command('true'), dependsOn: ['b'] },
  b: { builder: haco().command('true'), dependsOn: ['a'] },
});
const problems = wrong.containers();
if (problems.isErr()) console.log(problems.error.message);
