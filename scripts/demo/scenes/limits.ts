/** Limits: a loop, a hog and a fork bomb meet theirs. */
import { readFileSync } from 'node:fs';
import { demo, ending, must, type Context } from '../context.js';

const busyLoop = 'while :; do :; done';
const hog = 'x=abcdefgh; while :; do x=$x$x; done';
const forkBomb = 'bomb() { bomb | bomb & }; bomb; sleep 1; wait';

export async function limits(context: Context): Promise<void> {
  const { stage } = context;
  stage.scene('Limits: cpu, memory, processes');
  const preflight = await must(context, demo(context).cpu(50).memory('32MiB').pids(20).command('/bin/true').check());
  if (!preflight.ok) {
    stage.skip(`Left out: ${preflight.problems[0]?.message ?? ''}`);
    return;
  }
  await cpu(context);
  await memory(context);
  await pids(context);
}

async function cpu(context: Context): Promise<void> {
  const { stage, root } = context;
  stage.code(`haco().unshare('pid').chroot(root).cpu(50).timeout('1s').sh('${busyLoop}').run()`);
  const builder = demo(context).unshare('pid').chroot(root).cpu(50).timeout('1s').sh(busyLoop);
  const outcome = await must(context, builder.run());
  const { userMs, systemMs, throttledMs } = outcome.usage;
  const percent = ((userMs + systemMs) / outcome.durationMs) * 100;
  stage.output(
    `${ending(outcome)}: used ${(userMs + systemMs).toFixed(0)} ms of CPU, was held back for ${throttledMs.toFixed(0)} ms`,
  );
  if (throttledMs === 0) stage.note('This machine is too busy to give it even that much.');
  stage.claim(
    percent < 60,
    `a busy loop gets no more than half of one CPU: ${percent.toFixed(0)} %`,
    JSON.stringify(outcome.usage),
  );
}

async function memory(context: Context): Promise<void> {
  const { stage, root, host } = context;
  // A hog that may swap is slow, not dead.
  const swaps = readFileSync('/proc/swaps', 'utf8').trim().split('\n').length > 1;
  const forbidSwap = swaps && host.cgroups.v2?.controllers.includes('memory') === true;
  stage.code(`haco().unshare('pid').chroot(root).memory('32MiB').timeout('10s').sh('${hog}').run()`);
  const outcome = await must(
    context,
    demo(context)
      .unshare('pid')
      .chroot(root)
      .memory('32MiB')
      .when(forbidSwap, (builder) => builder.cgroup('memory.swap.max', 0))
      .timeout('10s')
      .sh(hog)
      .run(),
  );
  const { oomKills, memoryPeakBytes } = outcome.usage;
  stage.output(`${ending(outcome)}: peak ${(memoryPeakBytes / 2 ** 20).toFixed(1)} MiB, ${String(oomKills)} OOM kill`);
  stage.claim(
    outcome.reason === 'oom',
    "a hog is killed at 32 MiB, and the outcome says so: reason 'oom'",
    JSON.stringify(outcome.usage),
  );
}

async function pids(context: Context): Promise<void> {
  const { stage, root } = context;
  stage.code(
    `haco().unshare('pid', 'mount').chroot(root).independent('dev').pids(20).timeout('5s')\n  .stderr('null').sh('${forkBomb}').run()`,
  );
  const outcome = await must(
    context,
    demo(context)
      .unshare('pid', 'mount')
      .chroot(root)
      .independent('dev')
      .pids(20)
      .timeout('5s')
      .stderr('null')
      .sh(forkBomb)
      .run(),
  );
  stage.output(`${ending(outcome)}: ${String(outcome.usage.pidsLimitHits)} forks refused`);
  stage.claim(
    outcome.usage.pidsLimitHits > 0,
    'a fork bomb stops at 20 processes, and all of them are gone with their first process',
    JSON.stringify(outcome.usage),
  );
}
