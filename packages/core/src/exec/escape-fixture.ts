/** For attacks on what joins a container: weaker joiners, and somebody inside who looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { syscall, type Operation, type Plan } from '@haco/plan';
import { expectNothingLeft, ownLaunchers } from '@haco/testkit';
import { orThrow, realRuntime, type Builder, type Runtime } from '../index.js';

/** A runtime that changes plans of processes that join. */
export function changing(change: (plan: Plan) => Plan): Runtime {
  return {
    ...realRuntime,
    launch: ({ plan, ...rest }) =>
      realRuntime.launch({
        ...rest,
        plan: plan.steps.some(({ id }) => id.startsWith('join.')) ? change(plan) : plan,
      }),
  };
}

/** The moment between the last privilege and the command, 3 ms long: so nobody misses it. */
export function withPause(plan: Plan): Plan {
  const pause = (operations: readonly Operation[]): readonly Operation[] => [
    syscall('clock_nanosleep', [1, 0, { bytes: timespec }, 0]),
    ...operations,
  ];
  return {
    ...plan,
    steps: plan.steps.map((step) =>
      step.id === 'process.bind-to-node' ? { ...step, operations: pause(step.operations) } : step,
    ),
  };
}

const timespec = ((): string => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64LE(3_000_000n, 8);
  return bytes.toString('base64');
})();

/** The same without the step that puts it out of reach: as joiners were before CVE-2016-9962. */
export function dumpable(plan: Plan): Plan {
  const again = syscall('prctl', [{ flags: ['PR_SET_DUMPABLE'], value: 4 }, 1, 0, 0, 0]);
  const paused = withPause(plan);
  return {
    ...paused,
    steps: paused.steps
      .filter(({ id }) => !id.endsWith('.non-dumpable'))
      .map((step) =>
        step.id === 'process.bind-to-node' ? { ...step, operations: [again, ...step.operations] } : step,
      ),
  };
}

/** What somebody in the container has got of so many processes that joined it. */
export async function peek(
  base: Builder,
  mode: readonly [string, string],
  count: number,
  command: readonly [string, ...string[]] = ['/bin/true'],
): Promise<readonly string[]> {
  return expectNothingLeft(async () => {
    await using container = await orThrow(base.command('/bin/peek', ...mode).start());
    let text = '';
    container.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (!text.includes('ready')) await sleep(1);
    // What was overwritten can't be executed any more: whether it could isn't the question here.
    for (let i = 0; i < count && !(command[0] !== '/bin/true' && text.includes('held')); i++) {
      void (await container.exec({ command }));
    }
    await sleep(20);
    // The program may be in use for some time yet; as long as a launcher of ours executes it, it is refused for that alone.
    while (text.includes('held') && !/overwritten|refused/.test(text)) {
      for (const pid of ownLaunchers()) process.kill(pid, 'SIGKILL');
      await sleep(5);
    }
    return text.split('\n').filter((line) => line !== '' && line !== 'ready');
  });
}
