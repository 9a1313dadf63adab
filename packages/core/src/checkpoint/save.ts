/** Saving the processes of a container with CRIU, whoever keeps its state: `checkpoint()` as well as `haco-oci checkpoint`. */
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { MountsSection } from '@haco/mounts';
import { IoError, StateError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { commonArguments, runCriu } from './criu.js';
import { netKey, writeNoteOf, type CheckpointNote } from './image.js';
import { describeExternals, externalMounts, hasOwn, mountPoints, mountsOf, netInode, streamOf } from './live.js';
import type { CriuOptions } from './section.js';
import { sourceOf } from './sources.js';

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
    groupOf: (hierarchy) => hierarchy,
    externals: Object.fromEntries(externals.map((target) => [target, '/'])),
  };
}

/** Throws what `fs` throws. */
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
  // One that is mounted on the host, as engines mount the layers of an image, is a directory as others are.
  if (root?.type === 'overlay' && !host.some(({ device }) => device === root.device)) {
    return err(refused('its root is an overlay', 'give it a directory of its own, by chroot(root) without overlay'));
  }
  const hostRoot = host.find(({ target: at }) => at === '/');
  if (root !== undefined && root.device === hostRoot?.device && root.root === hostRoot.root) {
    return err(refused('its root is that of the host', 'give it a directory of its own, by chroot(root)'));
  }
  const found = describeExternals(pid, externalMounts(mounts, host), host);
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
    cgroup: hasOwn(pid, 'cgroup'),
    mounts: ownMounts,
    ...(stdin === undefined ? {} : { stdin }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    points: mountPoints(pid, mounts),
    externals: found,
  });
}

/** Look at the processes: what a restore must know, or why they can't be saved. Errors: `state`, `io`. */
export function describeProcesses(
  target: CheckpointTarget,
  externals: readonly string[],
): Result<CheckpointNote, HacoError> {
  try {
    return describe(target, externals);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const path = `/proc/${String(target.pid)}`;
    return err(new IoError({ what: 'look at', path, errno, hint: hintFor('openat', errno) }));
  }
}

/** What is saved, and where. */
export interface SaveRequest {
  readonly criu: string;
  /** Of the images. It exists; what a failure leaves in it is the caller's to remove. */
  readonly directory: string;
  /** Of the log, where that isn't the same. It exists. */
  readonly workDirectory?: string;
  readonly pid: number;
  readonly note: CheckpointNote;
  readonly options: CriuOptions & { readonly leaveRunning?: boolean };
  /** Only the memory, as the parent of a checkpoint that comes later. */
  readonly preDump?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Name of the log. */
export const saveLog = 'dump.log';

/** What CRIU is told. */
export function saveCommand(request: SaveRequest): readonly string[] {
  const { criu, directory, workDirectory, pid, note, options, preDump = false } = request;
  const streams = [note.stdin, note.stdout, note.stderr].flatMap((one) =>
    one?.resource.startsWith('file[') === true ? [one.resource] : [],
  );
  return [
    criu,
    preDump ? 'pre-dump' : 'dump',
    '--tree',
    String(pid),
    '--images-dir',
    directory,
    ...(workDirectory === undefined ? [] : ['--work-dir', workDirectory]),
    '--log-file',
    saveLog,
    ...commonArguments(options),
    ...(options.leaveRunning === true && !preDump ? ['--leave-running'] : []),
    ...(note.net ? ['--external', `net[${netInode(pid)}]:${netKey}`] : []),
    ...[...new Set(streams)].flatMap((stream) => ['--external', stream]),
    ...note.externals.flatMap(({ target }) => ['--external', `mnt[${target}]:${target}`]),
    ...(options.args ?? []),
  ];
}

/** Save them, with the note. Errors: `tool`, `io`. */
export async function saveProcesses(request: SaveRequest): Promise<Result<void, HacoError>> {
  const { directory, workDirectory = directory, note, preDump = false, signal } = request;
  const saved = await runCriu(saveCommand(request), { log: join(workDirectory, saveLog), signal });
  if (saved.isErr() || preDump) return saved;
  try {
    writeNoteOf(directory, note);
    return ok();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'write to', path: directory, errno, hint: hintFor('openat', errno) }));
  }
}
