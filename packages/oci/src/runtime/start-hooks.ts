/** Hooks `startContainer`: one more process of the container each, before its command, with a path of the container. */
import { Socket } from 'node:net';
import { closeSync, constants as files, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { HookError, quote, StateError, type HacoError, type Step } from '@haco/core';
import { libc, makePipe, type Launch } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { stateOf, type ContainerRecord } from './container-record.js';
import { drainMs, judgeEnd, mostOutput, type Hook } from './hooks.js';
import { planInner, processOf } from './inner-process.js';
import { failureOf } from './launch.js';
import { launchInside } from './launch-inside.js';

const moment = 'startContainer';

/** A container whose command waits. */
export interface Waiting {
  readonly record: ContainerRecord;
  /** Text of its configuration. */
  readonly config: string;
  readonly warn: (message: string) => void;
}

/** The number of a process as its own pid namespace has it. */
function pidInside(pid: number): number {
  try {
    const line = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? '';
    return Number(line.split('\t').at(-1));
  } catch {
    return 0;
  }
}

/** The state as a hook in the namespaces of the container reads it. */
export function stateInside(
  record: ContainerRecord,
  status: 'creating' | 'created',
): Readonly<Record<string, unknown>> {
  const state = { ...stateOf(record, 'created'), status };
  return record.process === undefined ? state : { ...state, pid: pidInside(record.process.pid) };
}

/** The program, arguments and environment of a hook in place of those of the process: nothing is looked up, nothing added. */
function asHook(steps: readonly Step[], { path, args = [path], env = [] }: Hook): readonly Step[] {
  return steps.map((step) => ({
    ...step,
    operations: step.operations.map((operation) =>
      step.phase === 'exec' && operation.op === 'syscall' && operation.name === 'execve'
        ? { ...operation, args: [path, { strings: args }, { strings: env }] }
        : operation,
    ),
  }));
}

/** Let it run to its end, or to that of its time. */
async function attend(
  launched: Launch,
  hook: Hook,
  { said, read }: { readonly said: () => string; readonly read: Promise<unknown> },
): Promise<Result<void, HacoError>> {
  let late = false;
  const end = (): void => {
    late = true;
    try {
      process.kill(-launched.pid(), 'SIGKILL');
    } catch {
      // It leads no group.
    }
    launched.kill(constants.signals.SIGKILL);
  };
  const timer = hook.timeout === undefined ? undefined : setTimeout(end, hook.timeout * 1000);
  const { exitCode, signal } = await launched.ended;
  clearTimeout(timer);
  await Promise.race([read, sleep(drainMs, undefined, { ref: false })]);
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? null;
  return judgeEnd(hook, moment, { exitCode: exitCode ?? null, signal: name, late, said: said() });
}

async function runInside(hook: Hook, { record, config, warn }: Waiting): Promise<Result<void, HacoError>> {
  const identity = record.process;
  if (identity === undefined) return ok();
  const own = processOf(config) as object;
  const process = { ...own, args: [hook.path], env: [], terminal: false };
  const planned = await planInner({ record, config, identity, process, warn });
  if (planned.isErr()) return err(planned.error);
  const [input, output] = [makePipe('talk to a hook'), makePipe('talk to a hook')];
  if (input.isErr()) return err(input.error);
  if (output.isErr()) return err(output.error);
  const nothing = openSync('/dev/null', files.O_RDWR);
  const started = launchInside(
    identity,
    {
      steps: asHook(planned.value.steps, hook),
      stdio: [input.value.read, nothing, output.value.write],
      onBarrier: () => Promise.resolve(ok()),
    },
    new StateError({ what: `run the ${moment} hooks`, state: 'its process has ended', remedy: 'look who killed it' }),
  );
  closeSync(nothing);
  for (const fd of [input.value.read, output.value.write]) libc().close(fd);
  const [stdin, stderr] = [
    new Socket({ fd: input.value.write, readable: false, writable: true }),
    new Socket({ fd: output.value.read, readable: true, writable: false }),
  ];
  try {
    if (started.isErr()) return err(started.error);
    const { launched } = started.value;
    let said = '';
    stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-mostOutput)));
    const read = new Promise((done) => stderr.once('close', done));
    stderr.on('error', () => undefined);
    // A hook need not read its state.
    stdin.on('error', () => undefined);
    stdin.end(JSON.stringify(stateInside(record, 'created')));
    const running = await launched.started;
    if (running.isErr()) {
      const cause = failureOf(running.error, hook.path);
      return err(new HookError({ hook: `${moment} ${quote(hook.path)}`, cause }));
    }
    return await attend(launched, hook, { said: () => said, read });
  } finally {
    stdin.destroy();
    stderr.destroy();
  }
}

/**
 * Run them one after the other, up to the first that fails: with the ids, capabilities and filters of the container's own process,
 * in its working directory, and nothing open but their streams.
 */
export async function runStartHooks(waiting: Waiting): Promise<Result<void, HacoError>> {
  for (const hook of waiting.record.hooks[moment] ?? []) {
    const done = await runInside(hook, waiting);
    if (done.isErr()) return done;
  }
  return ok();
}
