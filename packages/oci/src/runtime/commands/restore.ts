/** `restore`: a container that goes on where `checkpoint` has saved it; in the foreground until it ends, or detached. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEnd, hold, libc, release, type ProcessEnd } from '@haco/sys';
import { err, ok } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { statusOf } from '../container-record.js';
import { readCriuFlags } from '../criu-flags.js';
import { deleteContainer } from '../delete-container.js';
import { forwardSignals } from '../forward-signals.js';
import { restoreContainer } from '../restore-container.js';
import { afterStart } from '../start-container.js';
import type { Run } from './command.js';

/** The end of a child; what waits for it keeps this process. */
async function endOf(pid: number): Promise<ProcessEnd> {
  hold();
  const end = await new Promise<ProcessEnd>((resolve) => afterEnd(pid, resolve));
  release();
  return end;
}

export const run: Run = async ({ root, criu, cgroupManager, options, rest, warn }) => {
  const flags = readCriuFlags(options);
  if (flags.isErr()) return err(flags.error);
  const restored = await restoreContainer({
    root,
    id: rest[0] ?? '',
    bundle: valueOf(options, 'bundle') ?? '.',
    cgroupManager,
    flags: flags.value,
    criu,
    pidFile: valueOf(options, 'pid-file'),
    consoleSocket: valueOf(options, 'console-socket'),
    warn,
  });
  if (restored.isErr()) return err(restored.error);
  const { directory, record, pid } = restored.value;
  const done = await afterStart(directory, record);
  if (done.isErr()) return err(done.error);
  // Whoever takes orphans has it from now on.
  if (options['detach'] === true) return ok(0);
  const stop = forwardSignals((signal) => libc().kill(pid, signal) === 0);
  const { exitCode, signal } = await endOf(pid);
  await turn();
  stop();
  const code = exitCode ?? 128 + (signal ?? 0);
  return (await deleteContainer({ directory, record, status: statusOf(record, directory) }, true)).map(() => code);
};
