/** `run`: create and start at once; in the foreground until it ends, or detached. */
import { setImmediate as turn } from 'node:timers/promises';
import { ok, type HacoError } from '@haco/core';
import { libc, socketPair, type Launch } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { createContainer, type Created } from '../create-container.js';
import { deleteContainer } from '../delete-container.js';
import { statusOf } from '../container-record.js';
import { forwardSignals } from '../forward-signals.js';
import { failureOf } from '../launch.js';
import { leave } from '../leave.js';
import { afterStart } from '../start-container.js';
import { preservedFds } from '../preserved-fds.js';
import type { Run } from './command.js';

/** The exit code of a shell for it. */
async function exitCodeOf(launched: Launch): Promise<number> {
  const { exitCode, signal } = await launched.ended;
  return exitCode ?? 128 + (signal ?? 0);
}

async function remove({ directory, record }: Created): Promise<Result<void, HacoError>> {
  return deleteContainer({ directory, record, status: statusOf(record, directory) }, true);
}

export const run: Run = async ({ root, cgroupManager, options, rest, warn }) => {
  const preserved = preservedFds(options);
  if (preserved.isErr()) return err(preserved.error);
  const [pidFile, consoleSocket] = [valueOf(options, 'pid-file'), valueOf(options, 'console-socket')];
  const detach = options['detach'] === true;
  const shows = !detach && consoleSocket === undefined;
  const pair = shows ? socketPair() : ok<undefined, HacoError>(undefined);
  if (pair.isErr()) return err(pair.error);
  const [own, theirs] = pair.value ?? [];
  const created = await createContainer({
    root,
    id: rest[0] ?? '',
    bundle: valueOf(options, 'bundle') ?? '.',
    cgroupManager,
    preserved: preserved.value,
    warn,
    waits: false,
    outlives: detach,
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(theirs === undefined ? {} : { terminal: theirs }),
  });
  if (created.isErr()) return err(created.error);
  const { launched, directory, record, command } = created.value;
  const started = await launched.started;
  if (started.isErr()) {
    const error = failureOf(started.error, command);
    const removed = await remove(created.value);
    if (removed.isErr()) error.cleanup = [...error.cleanup, removed.error];
    return err(error);
  }
  const screen = own === undefined ? undefined : await (await import('../screen.js')).showTerminal(own);
  const done = await afterStart(directory, record);
  if (done.isErr()) return err(done.error);
  if (detach) {
    await leave(launched);
    return ok(0);
  }
  const stop = forwardSignals((signal) => launched.kill(signal));
  const code = await exitCodeOf(launched);
  await turn();
  stop();
  await screen?.close();
  if (own !== undefined && screen === undefined) libc().close(own);
  if (options['keep'] === true) return ok(code);
  return (await remove(created.value)).map(() => code);
};
