/** Processes of this machine, found by what they were told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { processesWith } from './processes.js';

test('a process is found by its command line as long as it lives', async () => {
  const seconds = `60.${String(process.pid)}`;
  const child = spawn('sleep', [seconds]);
  await once(child, 'spawn');
  // Between vfork and the new program's first instruction its command line is empty.
  await expect.poll(() => processesWith(`\0${seconds}\0`)).toEqual([child.pid]);
  child.kill();
  await once(child, 'exit');
  expect(processesWith(seconds)).toEqual([]);
});
