/** How CRIU is called for a restore. */
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { IoError, StateError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { commonArguments } from './criu.js';
import { netKey, type CheckpointNote, type ExternalMount } from './image.js';
import type { RestoreSection } from './section.js';
import { materialize, sourceOf, type SourceContext } from './sources.js';

/** Where the shell puts the descriptors that CRIU hands on: its own 0, 1 and 2 are no longer the container's. */
const streams = { stdin: 3, stdout: 4, stderr: 5 } as const;
const nullFd = 6;
const netFd = 9;

/** What a restore is made of. */
export interface RestorePlan {
  readonly criu: string;
  readonly directory: string;
  /** A private directory for logs and for what has to be made. */
  readonly work: string;
  readonly note: CheckpointNote;
  readonly section: RestoreSection;
  /** The container's root directory on the host. */
  readonly rootfs: string | undefined;
  readonly sources: SourceContext;
}

/** Paths below the working directory. */
export const workFiles = { log: 'restore.log', errors: 'errors', pid: 'pid' } as const;

function mountArguments({ note, sources, work }: RestorePlan): Result<readonly string[], HacoError> {
  const args: string[] = [];
  for (const [index, external] of note.externals.entries()) {
    const source = sourceOf(sources, external);
    if (source === undefined) return err(noSource(external));
    try {
      args.push('--external', `mnt[${external.target}]:${materialize(source, work, index)}`);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      return err(new IoError({ what: 'prepare the mounts in', path: work, errno, hint: hintFor('openat', errno) }));
    }
  }
  return ok(args);
}

function noSource({ target }: ExternalMount): HacoError {
  return new StateError({
    what: 'restore the container',
    state: `this definition has no mount on ${target}, which the checkpoint has`,
    remedy: `mount it as before, or say externals: { "${target}": source }`,
  });
}

/** Each stream once: two descriptors of one pipe lead to one. */
function streamArguments(note: CheckpointNote): readonly string[] {
  const seen = new Set<string>();
  return (['stdin', 'stdout', 'stderr'] as const).flatMap((name) => {
    const { resource, isNull } = note[name] ?? { resource: '', isNull: false };
    if (resource === '' || seen.has(resource)) return [];
    seen.add(resource);
    return ['--inherit-fd', `fd[${String(isNull ? nullFd : streams[name])}]:${resource}`];
  });
}

/** What CRIU is told. Errors: `state`, when the definition lacks a mount of the checkpoint; `io`. */
export function restoreCommand(plan: RestorePlan): Result<readonly string[], HacoError> {
  const { criu, directory, work, note, section, rootfs } = plan;
  if (note.mounts && rootfs === undefined) {
    const state = 'the checkpoint has a root directory of its own and this definition has none';
    return err(new StateError({ what: 'restore the container', state, remedy: 'say chroot(root), as before' }));
  }
  return mountArguments(plan).map((mounts) => [
    criu,
    'restore',
    '--images-dir',
    directory,
    '--work-dir',
    work,
    '--log-file',
    workFiles.log,
    '--pidfile',
    join(work, workFiles.pid),
    // A child of CRIU's own parent: of this process, which hears of its end then.
    '--restore-detached',
    '--restore-sibling',
    // With everything, as its log also tells which process is to be reaped when it fails.
    ...commonArguments({ ...section, logLevel: 4 }),
    ...(note.mounts && rootfs !== undefined ? ['--root', rootfs] : []),
    ...(note.net ? ['--inherit-fd', `fd[${String(netFd)}]:${netKey}`] : []),
    ...streamArguments(note),
    ...mounts,
    ...(section.args ?? []),
  ]);
}

/** The same by way of a shell, which puts the descriptors in their places. `keeper`: whose net namespace it shall be. */
export function throughShell(
  command: readonly string[],
  { note, work }: RestorePlan,
  keeper: number,
): readonly [string, ...string[]] {
  const net = note.net ? ` ${String(netFd)}</proc/${String(keeper)}/ns/net` : '';
  const script = `exec 3<&0 4>&1 5>&2 6<>/dev/null${net} 0</dev/null 1>/dev/null 2>"$1"; shift; exec "$@"`;
  return ['/bin/sh', '-c', script, 'criu', join(work, workFiles.errors), ...command];
}
