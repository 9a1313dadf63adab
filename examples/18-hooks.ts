/** Functions of your own at moments of a container's life: before it begins, inside it while it is half-made, beside it, after it. */
import { haco, hostOverlay, orThrow } from '@haco/core';

const builder = haco()
  .name('hooked')
  .unshare('mount', 'pid', 'uts', 'ipc')
  .rootfs(hostOverlay())
  .tmpfs('/run')
  .hook('setup', ({ name, shared }) => {
    shared.set('began', Date.now());
    console.log(`${name}: setup`);
  })
  // The start waits here: the root is the new one, and the command doesn't run yet.
  .hook('afterChroot', async ({ run }) => {
    const made = await orThrow(run('/bin/sh', '-c', 'echo "made by a hook" > /run/greeting; pwd'));
    console.log(`inside, at ${made.stdout.trim()}`);
  })
  .readiness({ file: '/run/ready' })
  .timer({ every: '20ms', times: 2 }, ({ count }) => console.log(`timer: call ${String(count)}`))
  .hook('teardown', ({ outcome, shared }) => {
    console.log(`teardown: ${String(outcome?.reason)}, ${typeof shared.get('began')}`);
  })
  .sh('sleep 0.5; cat /run/greeting; : > /run/ready; sleep 60');

// The plan says where the start waits, and why.
const plan = orThrow(builder.explain());
console.log(plan.steps.filter(({ id }) => id.startsWith('hooks.')).map(({ phase, label }) => `${phase}: ${label}`));

{
  await using container = await orThrow(builder.start({ ready: true }));
  console.log(`ready: ${String(container.stdout?.read()).trim()}`);
}

// A hook that fails fails the start, and nothing is left.
const failing = haco()
  .unshare('pid')
  .hook(
    'beforeFork',
    () => {
      throw new Error('the licence server is down');
    },
    { name: 'licence' },
  )
  .command('true');
const refused = await failing.run();
if (refused.isErr()) console.log(refused.error.message);
