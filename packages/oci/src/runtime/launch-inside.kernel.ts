/** Launching beside a process that is held for as long as that takes: no descriptor of it is left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { ok, startTimeOf, StateError, syscall, type Step } from '@haco/core';
import { expect, test } from 'vitest';
import { launchInside } from './launch-inside.js';

const ended = new StateError({ what: 'run a command', state: 'it has just ended', remedy: 'start it again' });

/** Ends the container by the descriptor that the launcher is given. */
const kill: Step = {
  id: 'test.kill',
  phase: 'handover',
  label: 'kill the first process',
  why: 'whoever holds it can',
  source: 'pidfd_send_signal(2)',
  from: 'process',
  operations: [syscall('pidfd_send_signal', [{ fd: 'container' }, 9, 0, 0])],
};

/** How many descriptors of the process there are here. */
function held(pid: number): number {
  return readdirSync('/proc/self/fdinfo').filter((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').includes(`Pid:\t${String(pid)}\n`);
    } catch {
      // That of the directory itself.
      return false;
    }
  }).length;
}

test('a further process is launched with the first one held, which nothing holds afterwards', async () => {
  const child = spawn('sleep', ['1000']);
  const over = once(child, 'close');
  const pid = child.pid ?? 0;
  const first = { pid, startTime: startTimeOf(pid) ?? 0 };
  const request = { steps: [kill], onBarrier: () => Promise.resolve(ok<void, never>()) };
  const before = held(pid);

  expect(launchInside({ ...first, startTime: first.startTime + 1 }, request, ended)._unsafeUnwrapErr()).toBe(ended);
  expect(held(pid)).toBe(before);

  const { launched } = launchInside(first, request, ended)._unsafeUnwrap();
  expect(held(pid)).toBe(before);
  // There is no command behind it.
  expect((await launched.started).isErr()).toBe(true);
  expect(await over).toEqual([null, 'SIGKILL']);

  expect(launchInside(first, request, ended)._unsafeUnwrapErr()).toBe(ended);
});
