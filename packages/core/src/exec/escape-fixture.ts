/** For attacks on what joins a container: weaker joiners, and somebody inside who looks. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { syscall, type Operation, type Plan } from '@haco/plan';
import { launcherPath } from '@haco/sys';
import { expectNothingLeft, ownLaunchers, type TestRootfs } from '@haco/testkit';
import { expect } from 'vitest';
import { haco, orThrow, realRuntime, type Builder, type Runtime } from '../index.js';

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

/** Who lives in such a container gets a weak joiner's program and memory, of 200 of haco's nothing. What the weak one gave. */
export async function getsNothingOfJoiners(make: (runtime: Runtime) => Builder): Promise<readonly string[]> {
  const look = ['look', 'haco-init'] as const;
  const weak = await peek(make(changing(dumpable)), look, 20);
  expect(weak.some((line) => line.startsWith('got exe /memfd:haco-init'))).toBe(true);
  expect(weak.some((line) => line.startsWith('got mem'))).toBe(true);
  expect(await peek(make(changing(withPause)), look, 200)).toEqual(['seen']);
  expect((await peek(make(realRuntime), look, 200)).filter((line) => line !== 'seen')).toEqual([]);
  return weak;
}

/** Who lives in such a container overwrites a program that it made a joiner execute, but not haco's own. */
export async function cantOverwriteJoiner(rootfs: TestRootfs, base: Builder): Promise<void> {
  copyFileSync(orThrow(launcherPath()), rootfs.inside('/bin/haco-init-copy'));
  chmodSync(rootfs.inside('/bin/haco-init-copy'), 0o755);
  writeFileSync(rootfs.inside('/bin/weak'), '#!/bin/haco-init-copy\n', { mode: 0o755 });
  writeFileSync(rootfs.inside('/bin/evil'), '#!/proc/self/exe\n', { mode: 0o755 });
  const mode = ['overwrite', 'haco-init'] as const;
  const weak = await peek(base, mode, 3000, ['/bin/weak']);
  expect(weak).toEqual(['held /bin/haco-init-copy', 'overwritten /bin/haco-init-copy']);
  const told = await peek(base, mode, 3000, ['/bin/evil']);
  const sealed = '/memfd:haco-init (deleted)';
  expect(told).toEqual([`held ${sealed}`, `refused ${sealed}: Operation not permitted`]);
  expect((await orThrow(haco().command('/bin/echo', 'well').run())).stdout).toBe('well\n');
}
