/** The life of a supervisor: from the request to the end of its container. */
import { rmSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { builtInParts } from '../parts.js';
import { Keeper, newState } from '../state/keeper.js';
import { discardDirectory } from '../state/lock-directory.js';
import type { Reservation } from '../state/reserve.js';
import { serveControl } from './control.js';
import { describeRequest } from './describe-request.js';
import { becomeLean } from './lean.js';
import { logFileOf, openSink } from './logs/open-sink.js';
import { readRequest } from './request.js';
import type { SupervisionSection } from './section.js';
import { Supervisor } from './supervisor.js';

/** How long nothing happens before memory is given back, and how often that is done. */
const quietMs = 1000;
const leastPauseMs = 30_000;

/** Gives memory back when it is quiet; the first time soon after the start. */
function leanWhenQuiet(): () => void {
  let timer: NodeJS.Timeout | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (timer !== undefined) return;
    const waitMs = Math.max(quietMs, lastMs + leastPauseMs - performance.now());
    timer = setTimeout(() => {
      timer = undefined;
      lastMs = performance.now();
      becomeLean();
    }, waitMs);
    timer.unref();
  };
}

async function begin(
  reservation: Reservation,
): Promise<Result<{ supervisor: Supervisor; close: () => Promise<void> }, HacoError>> {
  const { directory } = reservation;
  const { name } = directory;
  const request = readRequest(directory);
  const described = await describeRequest(request);
  if (described.isErr()) return err(described.error);
  const { spec } = described.value;
  const section = (spec['supervision'] as SupervisionSection | undefined) ?? {};
  const logFile = logFileOf(section.logs, directory.logPath);
  const { definition, pidFile, autoRemove } = request;
  const state = newState({
    name,
    parts: builtInParts,
    spec,
    host: probeHost(),
    detached: true,
    autoRemove,
    ...(definition === undefined ? {} : { definition }),
    ...(logFile === null ? {} : { logFile }),
    ...(pidFile === undefined ? {} : { pidFile }),
  });
  const keeper = new Keeper(reservation, state);
  const told = keeper.tell({}).andThen(() => keeper.makeRoom());
  if (told.isErr()) return err(told.error);
  const sink = await openSink(name, section.logs, directory.logPath);
  if (sink.isErr()) return err(sink.error);
  const busy = leanWhenQuiet();
  const supervisor = new Supervisor({ keeper, request, described: described.value, sink: sink.value, busy });
  const server = await serveControl(directory.socketPath, supervisor.handlers);
  if (server.isErr()) return err(server.error);
  process.on('SIGTERM', () => supervisor.stop());
  process.on('SIGINT', () => supervisor.stop());
  process.on('SIGHUP', () => void supervisor.reload(null));
  const started = await supervisor.start();
  busy();
  if (started.isErr()) return err(started.error);
  const close = async (): Promise<void> => {
    await server.value.close();
    sink.value.close();
    keeper.release();
  };
  return ok({ supervisor, close });
}

/**
 * Look after a container until it has ended for good.
 *
 * @param report - told once: that the container runs, or why it doesn't
 */
export async function runSupervisor(
  reservation: Reservation,
  report: (error: HacoError | undefined) => void,
): Promise<void> {
  const { directory } = reservation;
  // One that is started again has an outcome to keep.
  const before = directory.read().unwrapOr(undefined);
  const begun = await begin(reservation);
  if (begun.isErr()) {
    if (before?.status === 'stopped') {
      directory.write({ ...before, failure: begun.error.message }).unwrapOr(undefined);
      rmSync(directory.socketPath, { force: true });
    } else {
      discardDirectory(directory);
    }
    report(begun.error);
    return;
  }
  report(undefined);
  void (await begun.value.supervisor.end);
  await begun.value.close();
}
