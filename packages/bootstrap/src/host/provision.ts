/** Does the steps of provisioning that weren't done yet, one program at a time, and notes each beside the root. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HacoError, HookError, IoError, NotFoundError, StateError, ToolError } from '@haco/plan';
import { errnoName, rawSyscall, syscallNumbers } from '@haco/sys';
import { ResultAsync } from 'neverthrow';
import type { ProvisionOptions, ProvisionStep, RunIn } from '../provision.js';
import { isErr } from './custom.js';
import { errnoOf, toHacoError } from './failure.js';
import { LastWords } from './last-words.js';
import { readRecord, writeRecord } from './record.js';

type Options = ProvisionOptions & { readonly target: string; readonly runIn: RunIn };

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const LOCK_EX = 2;
const LOCK_NB = 4;
const lockPauseMs = 50;

export function provisionSteps(
  steps: readonly ProvisionStep[],
  options: Options,
): ResultAsync<readonly string[], HacoError> {
  const { target } = options;
  const run = async (): Promise<readonly string[]> => {
    const root = await openRoot(target);
    try {
      // Freed by the kernel when this process ends, in whatever way.
      await lock(root, options);
      const done: string[] = [];
      // Read below the lock: another program may have done them meanwhile.
      for (const step of chosen(steps, (await readRecord(target)).provisioned ?? {}, options)) {
        await perform(step, options);
        await note(target, step);
        done.push(step.name);
      }
      return done;
    } finally {
      await root.close();
    }
  };
  return ResultAsync.fromPromise(run(), (thrown) => toHacoError(thrown, 'provision', target));
}

/** Those that were asked for; else those that weren't done as they are now. */
export function chosen(
  steps: readonly ProvisionStep[],
  done: Readonly<Record<string, string>>,
  { only, skip = [], again = false }: Pick<Options, 'only' | 'skip' | 'again'>,
): readonly ProvisionStep[] {
  return steps.filter((step) => {
    if (skip.includes(step.name)) return false;
    if (only !== undefined) return only.includes(step.name);
    return again || !Object.hasOwn(done, step.name) || done[step.name] !== fingerprint(step);
  });
}

/** Of a script its text; a function has only its name: what it closes over isn't in its text. */
function fingerprint({ script, shell = '/bin/sh' }: ProvisionStep): string {
  return script === undefined ? 'function' : createHash('sha256').update(`${shell}\0${script}`).digest('hex');
}

async function note(target: string, step: ProvisionStep): Promise<void> {
  const record = await readRecord(target);
  await writeRecord(target, { ...record, provisioned: { ...record.provisioned, [step.name]: fingerprint(step) } });
}

async function perform(step: ProvisionStep, options: Options): Promise<void> {
  const { target, signal, onProgress, onTransfer } = options;
  stopIfAborted(options);
  onProgress?.(`provisioning ${step.name}`);
  if (step.script !== undefined) return runScript(step, step.script, options);
  if (step.run === undefined) {
    const remedy = 'the spec was read from JSON, which lost it; give the function again';
    throw new NotFoundError({ what: 'function of the provisioning step', subject: step.name, remedy });
  }
  const hook = `provision ${step.name}`;
  let returned: unknown;
  try {
    returned = await step.run({
      target,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(onTransfer === undefined ? {} : { onTransfer }),
      sh: (script) =>
        ResultAsync.fromPromise(runScript(step, script, options), (thrown) => toHacoError(thrown, 'provision', target)),
    });
  } catch (cause) {
    throw new HookError({ hook, cause });
  }
  if (isErr(returned)) throw new HookError({ hook, cause: returned.error });
  stopIfAborted(options);
}

async function runScript({ name, shell = '/bin/sh' }: ProvisionStep, script: string, options: Options): Promise<void> {
  const { target, runIn, signal, onProgress } = options;
  const tail = new LastWords();
  const onLine = (line: string) => {
    tail.add(line);
    onProgress?.(`${name}: ${line}`);
  };
  const ran = await runIn({ root: target, name, script, shell, onLine, ...(signal === undefined ? {} : { signal }) });
  stopIfAborted(options);
  if (ran.isErr()) throw ran.error;
  const { exitCode } = ran.value;
  if (exitCode === 0) return;
  const stderr = tail.toString() || 'it printed nothing';
  throw new ToolError({ command: [shell, '-xe', name], exitCode, stderr, package: '' });
}

async function openRoot(target: string): Promise<FileHandle> {
  try {
    return await open(target, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    throw new NotFoundError({ what: 'root filesystem', subject: target, remedy: 'create it first' });
  }
}

/** Not blocking: a thread of Node would wait in the kernel, which nothing could cancel. */
async function lock({ fd }: FileHandle, options: Options): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    const result = rawSyscall(numbers.flock, fd, LOCK_EX | LOCK_NB);
    if (result === 0) return;
    const errno = errnoName(-result);
    if (errno !== 'EAGAIN') {
      const hint = 'the file system knows no locks, see flock(2)';
      throw new IoError({ what: 'lock', path: options.target, errno, hint });
    }
    if (isFirst) options.onProgress?.(`another program provisions ${options.target}; waiting for it`);
    await sleep(lockPauseMs);
    stopIfAborted(options);
  }
}

function stopIfAborted({ signal, target }: Options): void {
  if (signal?.aborted !== true) return;
  throw new StateError({
    what: `provision ${target}`,
    state: 'it is being cancelled',
    remedy: 'its AbortSignal was raised; the step that was going on will begin anew',
  });
}
