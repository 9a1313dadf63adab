/** The work of `checkpoint()`: the processes of a container, saved by CRIU. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import {
  ConflictError,
  InvalidSpecError,
  IoError,
  parseDuration,
  issue,
  TimeoutError,
  type Duration,
  type HacoError,
} from '@haco/plan';
import { hintFor } from '@haco/sys';
import { findCriu } from './criu.js';
import { optionIssues } from './part.js';
import { checkpointDirectory } from './place.js';
import { describeProcesses, saveProcesses, type CheckpointTarget } from './save.js';
import type { CriuOptions } from './section.js';

/** How to save. */
export interface CheckpointOptions extends CriuOptions {
  /** Let it go on afterwards; without it the container ends, by SIGKILL, as soon as it is saved. */
  readonly leaveRunning?: boolean;
  /** Targets of mounts that this definition doesn't know, whose sources `restore()` will be told (`externals`). */
  readonly externals?: readonly string[];
  /** Give up after this time: milliseconds, or text such as `'30s'`. */
  readonly timeout?: Duration;
  /** Give up when this is aborted. CRIU is killed then; the container may not survive that. */
  readonly signal?: AbortSignal;
}

/** What was made. */
export interface Checkpoint {
  /** Absolute path, for `restore()`. */
  readonly directory: string;
  readonly name: string;
}

/** The directory, empty. Errors: `conflict`, when something is in it; `io`. */
function emptyDirectory(directory: string): Result<void, HacoError> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (readdirSync(directory).length === 0) return ok();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'make the directory', path: directory, errno, hint: hintFor('mkdirat', errno) }));
  }
  const remedy = 'something is in it; remove it, or name another directory';
  return err(new ConflictError({ what: 'directory', subject: directory, remedy }));
}

/** The caller's signal and time as one signal. */
function giveUpOf({
  timeout,
  signal,
}: CheckpointOptions): Result<
  { readonly signal: AbortSignal | undefined; readonly timeoutMs?: number; readonly late: () => boolean },
  HacoError
> {
  if (timeout === undefined) return ok({ signal, late: () => false });
  return parseDuration(timeout)
    .map((timeoutMs) => {
      const timer = AbortSignal.timeout(timeoutMs);
      return {
        signal: signal === undefined ? timer : AbortSignal.any([signal, timer]),
        timeoutMs,
        late: () => timer.aborted && signal?.aborted !== true,
      };
    })
    .mapErr((message) => new InvalidSpecError({ issues: [issue('timeout', message)] }));
}

/** Save it. On an error nothing is left in the directory. */
export async function checkpoint(
  target: CheckpointTarget,
  given: string | undefined,
  options: CheckpointOptions,
): Promise<Result<Checkpoint, HacoError>> {
  const { externals = [], ...rest } = options;
  const issues = optionIssues('options', { ...rest, externals: Object.fromEntries(externals.map((at) => [at, '/'])) });
  if (issues.length > 0) return err(new InvalidSpecError({ issues }));
  const giveUp = giveUpOf(options);
  if (giveUp.isErr()) return err(giveUp.error);
  const criu = findCriu(options);
  if (criu.isErr()) return err(criu.error);
  const where: Result<string, HacoError> = given === undefined ? checkpointDirectory(target.name) : ok(resolve(given));
  if (where.isErr()) return err(where.error);
  const directory = where.value;
  const note = describeProcesses(target, externals);
  if (note.isErr()) return err(note.error);
  const empty = emptyDirectory(directory);
  if (empty.isErr()) return err(empty.error);
  const dumped = await saveProcesses({
    criu: criu.value,
    directory,
    pid: target.pid,
    note: note.value,
    options,
    signal: giveUp.value.signal,
  });
  if (dumped.isOk()) return ok({ directory, name: target.name });
  rmSync(directory, { recursive: true, force: true });
  const { late, timeoutMs = 0 } = giveUp.value;
  return err(late() ? new TimeoutError({ what: 'the checkpoint', timeoutMs }) : dumped.error);
}
