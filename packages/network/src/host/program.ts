/** Programs that speak for a container: how long they live, and how they are ended. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HacoError, StateError, ToolError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { Attachment, Made, NetworkState } from '../attachment.js';
import { makeId, type Connecting } from './bridge.js';
import { currentNetns, isAlive, startTimeOf } from './owner.js';

type Program = Extract<Made, { readonly kind: 'program' }>;

/** How long the kernel may take to end what was killed. */
const dyingMs = 2000;

/** End it, if it is still the one that was started; its ports are free afterwards. */
export async function stopProgram(program: Program): Promise<void> {
  if (!isAlive(program)) return;
  try {
    process.kill(program.pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
  const deadline = performance.now() + dyingMs;
  while (isAlive(program) && performance.now() < deadline) await sleep(2);
}

/** A program that was started. */
export interface Started {
  readonly child: ChildProcess;
  readonly name: Program['program'];
  readonly command: readonly string[];
  readonly package: string;
  /** Settles when the container can use the network. */
  readonly ready: Promise<void>;
}

const patienceMs = 10_000;

/** Wait until it is ready or has ended. */
async function untilReady({ child, command, package: provider, ready }: Started): Promise<Result<void, HacoError>> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2000)));
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<Result<void, HacoError>>((resolve) => {
    child.once('error', () => resolve(err(new ToolError({ command, exitCode: null, stderr: '', package: provider }))));
    child.once('close', (exitCode) =>
      resolve(err(new ToolError({ command, exitCode, stderr: stderr || 'it ended at once', package: provider }))),
    );
    timer = setTimeout(() => {
      const last = stderr === '' ? `it wasn't ready after ${String(patienceMs)} ms` : stderr;
      resolve(err(new ToolError({ command, exitCode: null, stderr: last, package: provider })));
    }, patienceMs);
  });
  const result = await Promise.race([ready.then(() => ok<void, HacoError>(undefined)), ended]);
  clearTimeout(timer);
  return result;
}

/** Remember the program as the container's; when it ends before the container does, the container has no network and ends too. */
export async function adopt(
  started: Started,
  { container, owner, ports, fail }: Connecting & { readonly fail: (error: HacoError) => void },
  addresses: readonly string[],
  state: NetworkState,
  remember: (state: NetworkState) => Result<void, HacoError>,
): Promise<Result<Attachment, HacoError>> {
  const { child, name } = started;
  const pid = child.pid ?? 0;
  const attachment: Attachment = {
    id: makeId(),
    container,
    owner,
    netns: currentNetns(),
    addresses,
    ports,
    made: { kind: 'program', program: name, pid, startTime: startTimeOf(pid) ?? 0 },
  };
  const next = { ...state, attachments: [...state.attachments, attachment] };
  const ready = await untilReady(started);
  const done = ready.andThen(() => remember(next));
  if (done.isErr()) {
    child.kill('SIGKILL');
    return err(done.error);
  }
  child.once('close', () => {
    if (!isAlive(owner)) return;
    const remedy = 'start the container again';
    fail(new StateError({ what: `keep "${container}" connected`, state: `its ${name} has ended`, remedy }));
  });
  // The container keeps Node alive, not what serves it.
  child.unref();
  (child.stderr as { unref?: () => void } | null)?.unref?.();
  return ok(attachment);
}
