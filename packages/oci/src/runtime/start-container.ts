/** Letting a container that waits go on, and hearing whether its command could be executed. */
import { rmSync } from 'node:fs';
import { receiveDescriptor, signalProcess, StateError, waitForEnd, type HacoError } from '@haco/core';
import { libc } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { stateOf, type ContainerRecord, type RecordDirectory } from './container-record.js';
import type { Found } from './find-container.js';
import { hasHooks, runHooks } from './hooks.js';
import { killGroups } from './kill-groups.js';
import { loadHeavy } from './load-heavy.js';
import { readLateFailure } from './late-steps.js';
import { connectTo, waitForClose } from './unix-socket.js';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the container may take to answer: it only has to be scheduled, unless it is paused. */
const patienceMs = 10_000;
const SIGKILL = 9;

async function receive(socket: number): Promise<Result<number, HacoError>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const received = receiveDescriptor(socket, 'start the container');
    const again = received.isErr() && received.error.kind === 'syscall' && received.error.errno === 'EAGAIN';
    if (!again || performance.now() > deadline) return received;
    await sleep(1);
  }
}

/** Start it. Errors: `state`, unless it was created and never started; the failure of its last steps. */
export async function startContainer(
  { directory, record, status }: Found,
  warn: (message: string) => void,
): Promise<Result<void, HacoError>> {
  if (status !== 'created' || record.late === undefined) {
    const state = status === 'stopped' ? 'it is stopped' : `it is ${status}`;
    return err(
      new StateError({
        what: 'start a container',
        state,
        remedy: 'only one that was created and never started can be started',
      }),
    );
  }
  if (hasHooks(record.hooks, 'startContainer')) {
    const ran = await runBefore(directory, record, warn);
    if (ran.isErr()) return ran;
  }
  const connected = connectTo(directory.startPath, 'reach the waiting container at');
  if (connected.isErr()) return err(connected.error);
  const socket = connected.value;
  const memory = await receive(socket);
  if (memory.isErr()) {
    libc().close(socket);
    return err(memory.error);
  }
  waitForClose(socket);
  libc().close(socket);
  const failure = readLateFailure(memory.value, record.late);
  libc().close(memory.value);
  rmSync(directory.startPath, { force: true });
  if (failure !== undefined) {
    // What comes next is delete, which would rather find it ended.
    // However that ends: the failure is the answer.
    if (record.process !== undefined) void (await waitForEnd(record.process, patienceMs));
    return err(failure);
  }
  return afterStart(directory, record);
}

/** Hooks inside. The container is stopped by one that fails, as the specification has it. */
async function runBefore(
  directory: RecordDirectory,
  record: ContainerRecord,
  warn: (message: string) => void,
): Promise<Result<void, HacoError>> {
  const config = directory.readConfig();
  if (config.isErr()) return err(config.error);
  const { runStartHooks } = await loadHeavy(directory.root, 'start-hooks');
  const ran = await runStartHooks({ record, config: config.value, warn });
  if (ran.isOk()) return ok();
  const { error } = ran;
  const cleanup = [
    record.process === undefined ? ok() : signalProcess(record.process, SIGKILL),
    await killGroups(record),
    record.process === undefined ? ok() : await waitForEnd(record.process, patienceMs),
  ];
  error.cleanup = [...error.cleanup, ...cleanup.flatMap((result) => (result.isErr() ? [result.error] : []))];
  rmSync(directory.startPath, { force: true });
  return err(error);
}

/** What is due when the command runs. A hook that fails is told of, and the container goes on: the specification wants it so. */
export async function afterStart(
  directory: RecordDirectory,
  record: ContainerRecord,
): Promise<Result<void, HacoError>> {
  void directory;
  const ran = await runHooks(record.hooks, 'poststart', stateOf(record, 'running'));
  if (ran.isErr()) process.stderr.write(`haco-oci: ${ran.error.message}\n`);
  return ok();
}
