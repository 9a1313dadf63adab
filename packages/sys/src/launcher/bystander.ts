/**
 * Launchers that stand by without a container of their own: each performs steps of phase `prepare`, waits at a barrier that is never
 * answered, and performs the undo when Node closes its socket or ends, however that comes about.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import type { HacoError, Step } from '@haco/plan';
import { encodePlan, wireOrder } from '../codec/encode.js';
import { libc } from '../libc.js';
import { socketPair } from './channel.js';
import { makePlanFile } from './plan-file.js';
import { spawnLauncher } from './spawn.js';

/** A launcher that stands by. */
export interface Bystander {
  readonly pid: number;
  /** Node's end of the socket; closing it begins the undo. */
  readonly channel: number;
}

/**
 * Start one.
 *
 * @param why - for whoever reads the plan: what it waits for
 * @param descriptors - handed over under these names; they stay the caller's
 */
export function startBystander(
  steps: readonly Step[],
  why: string,
  { arch, descriptors = {} }: { arch: 'x64' | 'arm64'; descriptors?: Readonly<Record<string, number>> },
): Result<Bystander, HacoError> {
  const wait: Step = {
    id: 'bystander.wait',
    phase: 'prepare',
    label: 'wait for the end of Node, or for its word',
    why,
    from: 'bystander',
    operations: [{ op: 'barrier', name: 'bystander' }],
  };
  const encoded = encodePlan(wireOrder([...steps, wait]), {
    arch,
    callerPid: process.pid,
    dieWithCaller: true,
    notify: false,
    fds: Object.keys(descriptors),
  });
  return makePlanFile(encoded).andThen((plan) => {
    const pair = socketPair();
    if (pair.isErr()) {
      libc().close(plan);
      return err(pair.error);
    }
    const [own, theirs] = pair.value;
    const none = openSync('/dev/null', constants.O_RDWR);
    const passed = [theirs, ...Object.values(descriptors)];
    const spawned = spawnLauncher({ stdio: [none, none, none], plan, passed });
    closeSync(none);
    libc().close(theirs);
    libc().close(plan);
    if (spawned.isErr()) {
      libc().close(own);
      return err(spawned.error);
    }
    return ok({ pid: spawned.value, channel: own });
  });
}
