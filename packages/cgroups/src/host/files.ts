/** Reading and writing the files of groups, with errors that name the file, the value and a way out. */
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { NotFoundError, PermissionError, SyscallError, type HacoError, nothing } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { err, ok, ResultAsync, type Result } from 'neverthrow';

/** Errno name of what `node:fs` threw; empty when it has none. */
export function errnoOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? '';
}

function syscallOf(error: unknown, otherwise: string): string {
  const name = (error as { readonly syscall?: string }).syscall ?? otherwise;
  return name === 'open' ? 'openat' : name;
}

/** The directory of a file of a group. */
function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** The error of a group that somebody removed. */
export function vanished(directory: string): HacoError {
  return new NotFoundError({
    what: 'control group',
    subject: directory,
    remedy: 'it was removed meanwhile, perhaps by another program; create it again',
  });
}

/** What `node:fs` threw, as one of haco's errors. */
export function failure(fields: {
  /** What was tried, e.g. `write "100" to /sys/fs/cgroup/haco/x/pids.max`. */
  readonly step: string;
  readonly path: string;
  /** The call as strace would print it, without its name. */
  readonly args: string;
  readonly error: unknown;
  readonly syscall: string;
  /** Names the row of hints, see `hintFor`. */
  readonly stepId?: string;
}): HacoError {
  const { step, path, args, error, stepId = 'cgroups' } = fields;
  const errno = errnoOf(error);
  const syscall = syscallOf(error, fields.syscall);
  const hint = hintFor(syscall, errno, stepId);
  if ((errno === 'ENOENT' || errno === 'ENODEV') && !existsSync(directoryOf(path))) {
    return vanished(directoryOf(path));
  }
  if (errno === 'EROFS' || errno === 'EACCES' || (errno === 'EPERM' && syscall !== 'write')) {
    return new PermissionError({ what: step, missing: errno, remedy: hint });
  }
  return new SyscallError({ step, stepId, call: `${syscall}(${args})`, syscall, errno, hint });
}

/** The content of a file; undefined when it can't be read, whatever the reason. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** The words of a file such as `cgroup.controllers`. */
export function wordsOf(path: string): readonly string[] {
  return (textOf(path) ?? '').split(/\s+/).filter((word) => word !== '');
}

function writeFailure(
  path: string,
  value: string,
  error: unknown,
  was: string | undefined,
  stepId?: string,
): HacoError {
  const from = was === undefined ? '' : ` (it is ${JSON.stringify(was)})`;
  return failure({
    step: `write ${JSON.stringify(value)} to ${path}${from}`,
    path,
    args: `${JSON.stringify(path)}, ${JSON.stringify(value)}`,
    error,
    syscall: 'write',
    ...(stepId === undefined ? {} : { stepId }),
  });
}

/** How a write is told of when it fails. */
export interface WriteOptions {
  /** The value that the file has now. */
  readonly was?: string | undefined;
  /** Names the row of hints. */
  readonly stepId?: string;
}

/**
 * Write one value. Off the main thread: lowering a memory limit takes as long as the kernel needs to reclaim, and the first
 * entry of a process after an idle moment waits for a grace period of RCU.
 */
export function writeText(
  path: string,
  value: string,
  { was, stepId }: WriteOptions = nothing,
): ResultAsync<void, HacoError> {
  const write = async (): Promise<void> => {
    // Never with O_CREAT or O_TRUNC, which cgroup file systems answer with confusing errors.
    const file = await open(path, constants.O_WRONLY);
    try {
      await file.write(value);
    } finally {
      await file.close();
    }
  };
  return ResultAsync.fromPromise(write(), (error) => writeFailure(path, value, error, was, stepId));
}

/** {@link writeText} for what never waits. */
export function writeNow(
  path: string,
  value: string,
  { was, stepId }: WriteOptions = nothing,
): Result<void, HacoError> {
  let fd = -1;
  try {
    fd = openSync(path, constants.O_WRONLY);
    writeSync(fd, value);
    return ok(undefined);
  } catch (error) {
    return err(writeFailure(path, value, error, was, stepId));
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}
