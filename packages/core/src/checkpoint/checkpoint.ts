/** The work of `checkpoint()`: the processes of a container, saved by CRIU. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { MountsSection } from '@haco/mounts';
import {
  ConflictError,
  InvalidSpecError,
  IoError,
  parseDuration,
  issue,
  StateError,
  TimeoutError,
  type Duration,
  type HacoError,
} from '@haco/plan';
import { hintFor } from '@haco/sys';
import { commonArguments, findCriu, runCriu } from './criu.js';
import { netKey, writeNoteOf, type CheckpointNote } from './image.js';
import { describeExternals, externalMounts, hasOwn, mountsOf, netInode, streamOf } from './live.js';
import { optionIssues } from './part.js';
import { checkpointDirectory } from './place.js';
import type { CriuOptions } from './section.js';
import { sourceOf } from './sources.js';

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

/** A container as a checkpoint sees it. */
export interface CheckpointTarget {
  readonly name: string;
  /** Its first process. */
  readonly pid: number;
  readonly spec: Readonly<Record<string, unknown>>;
}

function refused(state: string, remedy: string): StateError {
  return new StateError({ what: 'save the container', state, remedy });
}

/** The mounts of its definition, with the files that its network has brought. */
function contextOf(spec: CheckpointTarget['spec'], externals: readonly string[]): Parameters<typeof sourceOf>[0] {
  const mounts = (spec['mounts'] as MountsSection | undefined) ?? { entries: [] };
  const network = spec['network'] as { readonly mode?: unknown } | undefined;
  return {
    mounts,
    networkEtc: network?.mode === undefined ? undefined : '/etc',
    externals: Object.fromEntries(externals.map((target) => [target, '/'])),
  };
}

/** Look at the process: what a restore must know, or why it can't be saved. Throws what `fs` throws. */
function describe(target: CheckpointTarget, externals: readonly string[]): Result<CheckpointNote, HacoError> {
  const { pid, name, spec } = target;
  const process = spec['process'] as { readonly tty?: unknown; readonly init?: boolean } | undefined;
  if (process?.tty !== undefined) return err(refused('it has a terminal', 'start it without tty()'));
  if (hasOwn(pid, 'user')) {
    return err(refused('it has a user namespace of its own', 'start it without unshare("user")'));
  }
  const ownMounts = hasOwn(pid, 'mnt');
  const mounts = ownMounts ? mountsOf(pid) : [];
  const host = mountsOf('self');
  const root = mounts.find(({ target: at }) => at === '/');
  if (root?.type === 'overlay') {
    return err(refused('its root is an overlay', 'give it a directory of its own, by chroot(root) without overlay'));
  }
  const hostRoot = host.find(({ target: at }) => at === '/');
  if (root !== undefined && root.device === hostRoot?.device && root.root === hostRoot.root) {
    return err(refused('its root is that of the host', 'give it a directory of its own, by chroot(root)'));
  }
  const found = describeExternals(pid, externalMounts(mounts, host));
  const context = contextOf(spec, externals);
  const unknown = found.find((one) => sourceOf(context, one) === undefined);
  if (unknown !== undefined) {
    const type = mounts.find(({ target: at }) => at === unknown.target)?.type ?? '';
    const state = `nobody knows where its mount on ${unknown.target} (${type}) comes from`;
    return err(
      refused(state, `leave it out, or say externals: ["${unknown.target}"] here and its source at the restore`),
    );
  }
  const [stdin, stdout, stderr] = [0, 1, 2].map((fd) => streamOf(pid, fd));
  const socket = [stdin, stdout, stderr].findIndex((stream) => stream?.resource.startsWith('socket:') === true);
  if (socket >= 0) {
    // CRIU has no way to leave one end of a pair to somebody else and to give it another one later.
    const which = ['stdin', 'stdout', 'stderr'][socket] ?? '';
    const remedy = 'as programs of Node give it to their children; lead it to a pipe, a file or the null device';
    return err(refused(`its ${which} is a socket`, remedy));
  }
  return ok({
    version: '1',
    name,
    at: new Date().toISOString(),
    net: hasOwn(pid, 'net'),
    mounts: ownMounts,
    ...(stdin === undefined ? {} : { stdin }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    externals: found,
  });
}

function dumpCommand(
  criu: string,
  directory: string,
  { pid }: CheckpointTarget,
  note: CheckpointNote,
  options: CheckpointOptions,
): readonly string[] {
  const streams = [note.stdin, note.stdout, note.stderr].flatMap((one) =>
    one?.resource.startsWith('file[') === true ? [one.resource] : [],
  );
  return [
    criu,
    'dump',
    '--tree',
    String(pid),
    '--images-dir',
    directory,
    '--log-file',
    'dump.log',
    ...commonArguments(options),
    ...(options.leaveRunning === true ? ['--leave-running'] : []),
    ...(note.net ? ['--external', `net[${netInode(pid)}]:${netKey}`] : []),
    ...[...new Set(streams)].flatMap((stream) => ['--external', stream]),
    ...note.externals.flatMap(({ target }) => ['--external', `mnt[${target}]:${target}`]),
    ...(options.args ?? []),
  ];
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
  let note: Result<CheckpointNote, HacoError>;
  try {
    note = describe(target, externals);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const path = `/proc/${String(target.pid)}`;
    note = err(new IoError({ what: 'look at', path, errno, hint: hintFor('openat', errno) }));
  }
  if (note.isErr()) return err(note.error);
  const empty = emptyDirectory(directory);
  if (empty.isErr()) return err(empty.error);
  const command = dumpCommand(criu.value, directory, target, note.value, options);
  const dumped = await runCriu(command, { log: join(directory, 'dump.log'), signal: giveUp.value.signal });
  if (dumped.isOk()) {
    writeNoteOf(directory, note.value);
    return ok({ directory, name: target.name });
  }
  rmSync(directory, { recursive: true, force: true });
  const { late, timeoutMs = 0 } = giveUp.value;
  return err(late() ? new TimeoutError({ what: 'the checkpoint', timeoutMs }) : dumped.error);
}
