/** `exec`: a further program in a container, in the foreground or detached. */
import { resolve } from 'node:path';
import { InvalidSpecError, issue, StateError, type HacoError } from '@haco/core';
import { libc, socketPair, type Launch } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { execProcess } from '../exec-process.js';
import { findContainer, processOfFound, type Found } from '../find-container.js';
import { forwardSignals } from '../forward-signals.js';
import { planInner, processOf, type InnerPlan, type ProcessIdentity } from '../inner-process.js';
import { failureOf } from '../launch.js';
import { launchInside } from '../launch-inside.js';
import { writePidFile } from '../pid-file.js';
import { connectTo } from '../unix-socket.js';
import { namedPreserved, preservedFds } from '../preserved-fds.js';
import type { Call, Run } from './command.js';

/** The plan of the process that is asked for. */
async function plan(
  found: Found,
  identity: ProcessIdentity,
  { options, rest, warn }: Call,
  preserved: number,
): Promise<Result<InnerPlan, HacoError>> {
  const config = found.directory.readConfig();
  if (config.isErr()) return err(config.error);
  const given = execProcess(options, rest.slice(1), processOf(config.value));
  if (given.isErr()) return err(given.error);
  return planInner({ record: found.record, config: config.value, identity, process: given.value, preserved, warn });
}

/** The socket that takes the terminal, and its other end when it is shown here. */
function openTerminal(
  { options }: Call,
  terminal: boolean,
): Result<{ readonly theirs?: number; readonly own?: number }, HacoError> {
  const path = valueOf(options, 'console-socket');
  if (!terminal) return ok({});
  if (path !== undefined)
    return connectTo(resolve(path), 'connect to the console socket').map((theirs) => ({ theirs }));
  if (options['detach'] === true) {
    return err(
      new InvalidSpecError({
        issues: [
          issue('process.terminal', 'cannot allocate tty if detaching without a console socket; give --console-socket'),
        ],
      }),
    );
  }
  return socketPair().map(([own, theirs]) => ({ own, theirs }));
}

export const run: Run = async (call) => {
  const { root, options, rest } = call;
  const preserved = preservedFds(options);
  if (preserved.isErr()) return err(preserved.error);
  const found = findContainer(root, rest[0] ?? '').andThen((one) => {
    if (one.status !== 'paused') return ok(one);
    return err(
      new StateError({ what: 'run a command in the container', state: 'it is paused', remedy: 'resume it first' }),
    );
  });
  if (found.isErr()) return err(found.error);
  const first = processOfFound(found.value, 'run a command in the container');
  if (first.isErr()) return err(first.error);
  const planned = await plan(found.value, first.value, call, preserved.value.length);
  if (planned.isErr()) return err(planned.error);
  const { steps, command, terminal } = planned.value;
  const console = openTerminal(call, terminal);
  if (console.isErr()) return err(console.error);
  const { own, theirs } = console.value;
  const started = launchInside(
    first.value,
    {
      steps,
      descriptors: { ...(theirs === undefined ? {} : { terminal: theirs }), ...namedPreserved(preserved.value) },
      outlives: options['detach'] === true,
      onBarrier: () => Promise.resolve(ok()),
    },
    new StateError({
      what: 'run a command in the container',
      state: 'the container has just ended (container not running)',
      remedy: 'start it again',
    }),
  );
  if (started.isErr()) return err(started.error);
  const { launched } = started.value;
  const running = await launched.started;
  if (theirs !== undefined) libc().close(theirs);
  if (running.isErr()) return err(failureOf(running.error, command));
  const written = writePidFile(valueOf(options, 'pid-file'), running.value.pid);
  if (written.isErr()) {
    launched.kill(9);
    return err(written.error);
  }
  if (options['detach'] === true) {
    launched.leave();
    return ok(0);
  }
  return ok(await attend(launched, own));
};

/** In the foreground: its signals, its terminal, its end. */
async function attend(launched: Launch, own: number | undefined): Promise<number> {
  const screen = own === undefined ? undefined : await (await import('../screen.js')).showTerminal(own);
  const stop = forwardSignals((signal) => launched.kill(signal));
  const { exitCode, signal } = await launched.ended;
  stop();
  await screen?.close();
  return exitCode ?? 128 + (signal ?? 0);
}
