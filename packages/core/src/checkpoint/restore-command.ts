/** How CRIU is called for a restore. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountAttributes } from '@haco/mounts';
import { err, ok, type Result } from 'neverthrow';
import { IoError, StateError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { commonArguments } from './criu.js';
import { ensureMountPoints } from './mount-points.js';
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
  /** A private directory for what has to be made, and for logs. */
  readonly work: string;
  /** Where CRIU writes its log instead. */
  readonly logs?: string;
  readonly note: CheckpointNote;
  readonly section: RestoreSection;
  /** The container's root directory on the host. */
  readonly rootfs: string | undefined;
  /** Mount points that are missing in it are made. */
  readonly makesPoints?: boolean;
  readonly sources: SourceContext;
}

/** Paths below the working directory. */
export const workFiles = { log: 'restore.log', errors: 'errors', pid: 'pid' } as const;

/** A mount that CRIU finds at a place of its own, and binds into the container. */
export interface RestoredMount {
  /** Path of the host; without it, an empty directory in memory. */
  readonly source?: string;
  /** Where it is mounted for CRIU: an empty directory or file. */
  readonly place: string;
  readonly attributes: MountAttributes;
}

function attributesOf({ options }: ExternalMount): MountAttributes {
  const has = (name: string): boolean => options.includes(name);
  return {
    ...(has('ro') ? { readonly: true } : {}),
    ...(has('nosuid') ? { nosuid: true } : {}),
    ...(has('nodev') ? { nodev: true } : {}),
    ...(has('noexec') ? { noexec: true } : {}),
    ...(has('nosymfollow') ? { nosymfollow: true } : {}),
    ...(has('nodiratime') ? { nodiratime: true } : {}),
    ...(has('noatime') ? { noatime: true } : has('relatime') ? {} : { strictatime: true }),
  };
}

/** An empty directory or file. Throws what `fs` throws. */
function makePlace({ directory }: ExternalMount, work: string, index: number): string {
  const place = join(work, `mount.${String(index)}`);
  if (directory) mkdirSync(place);
  else writeFileSync(place, '');
  return place;
}

function prepareMounts({ note, sources, work }: RestorePlan): Result<readonly RestoredMount[], HacoError> {
  const mounts: RestoredMount[] = [];
  for (const [index, external] of note.externals.entries()) {
    const found = sourceOf(sources, external);
    if (found === undefined) return err(noSource(external));
    try {
      mounts.push({
        ...(found === 'empty-directory' ? {} : { source: materialize(found, work, index) }),
        place: makePlace(external, work, index),
        attributes: attributesOf(external),
      });
    } catch (error) {
      const { code: errno = '', path = work } = error as NodeJS.ErrnoException;
      return err(new IoError({ what: 'prepare the mounts in', path, errno, hint: hintFor('openat', errno) }));
    }
  }
  return ok(mounts);
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

/** A call of CRIU. */
export interface RestoreCall {
  readonly command: readonly string[];
  readonly mounts: readonly RestoredMount[];
}

/** What CRIU is told. Errors: `state`, when the definition lacks a mount of the checkpoint; `io`. */
export function restoreCommand(plan: RestorePlan): Result<RestoreCall, HacoError> {
  const { note, rootfs, makesPoints = false } = plan;
  if (note.mounts && rootfs === undefined) {
    const state = 'the checkpoint has a root directory of its own and this definition has none';
    return err(new StateError({ what: 'restore the container', state, remedy: 'say chroot(root), as before' }));
  }
  const points = rootfs === undefined || !note.mounts ? ok() : ensureMountPoints(rootfs, note.points, makesPoints);
  return points.andThen(() => prepareMounts(plan)).map((mounts) => ({ command: commandOf(plan, mounts), mounts }));
}

function commandOf(plan: RestorePlan, mounts: readonly RestoredMount[]): readonly string[] {
  const { criu, directory, work, logs = work, note, section, rootfs } = plan;
  return [
    criu,
    'restore',
    '--images-dir',
    directory,
    '--work-dir',
    logs,
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
    ...mounts.flatMap(({ place }, index) => ['--external', `mnt[${note.externals[index]?.target ?? ''}]:${place}`]),
    ...(section.args ?? []),
  ];
}

/**
 * The same by way of a shell, which puts the descriptors in their places.
 *
 * @param keeper - whose net namespace it shall be; `self` is that of CRIU
 */
export function throughShell(
  command: readonly string[],
  { note, work, section }: RestorePlan,
  keeper: number | 'self',
): readonly [string, ...string[]] {
  const net = note.net ? ` ${String(netFd)}</proc/${String(keeper)}/ns/net` : '';
  // A session that began outside goes on at the terminal that CRIU has as its stdin.
  const stdin = section.args?.includes('--shell-job') === true ? '' : ' 0</dev/null';
  const script = `exec 3<&0 4>&1 5>&2 6<>/dev/null${net}${stdin} 1>/dev/null 2>"$1"; shift; exec "$@"`;
  return ['/bin/sh', '-c', script, 'criu', join(work, workFiles.errors), ...command];
}
