/** A root whose changes are kept beside it, to be looked at, taken over or dropped. */
import { join, resolve } from 'node:path';
import { ConflictError, IoError, NotFoundError, PermissionError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { ResultAsync } from 'neverthrow';
import type { KeptRoot } from '../methods.js';
import { walkChanges, type OverlayChange } from './changes.js';
import { applyLayer } from './commit.js';
import { Directory } from './entry.js';
import { userOf } from './in-use.js';
import { emptyDirectory } from './remove-tree.js';

/** A directory with a writable layer over it that is kept in another. Made by {@link overlayRoot}. */
export interface OverlayRoot extends KeptRoot {
  /**
   * What containers changed so far, against the directory below: sorted, a directory before what is in it. A removed directory is
   * one change. Differences are those of content, link target, device, mode, owner and file capabilities, not of times.
   *
   * While a container runs, it is a snapshot that may miss what happens meanwhile.
   *
   * Errors: `io`; `not-found` (the directory below); `permission`; `unsupported` (a layer that was made by other software).
   */
  changes(): ResultAsync<readonly OverlayChange[], HacoError>;
  /**
   * Apply the layer to the directory below and empty it; the value is what was applied. When it is interrupted, do it again.
   *
   * Kept are content, owner, mode, times of files, extended attributes (capabilities of files and ACLs among them, SELinux labels not),
   * device numbers, and hard links between names that the layer has. Not kept: holes of sparse files, times of directories, and links with
   * names that the container left alone, which the overlay itself cuts. Files are replaced as a whole.
   *
   * What the container made keeps its owner and its set-user-id bits: look at the changes before they are taken over.
   *
   * Errors: `conflict`, when a container still uses the layer; else as {@link OverlayRoot.changes}.
   */
  commit(): ResultAsync<readonly OverlayChange[], HacoError>;
  /**
   * Drop the layer: the next container starts with the directory as it is.
   *
   * Errors: `conflict`, when a container still uses the layer; `io`; `permission`.
   */
  discard(): ResultAsync<void, HacoError>;
}

function errorOf(thrown: unknown, what: string, path: string): HacoError {
  if (thrown instanceof Error && 'kind' in thrown) return thrown as HacoError;
  const errno = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new PermissionError({
      what: `${what} ${path}`,
      missing: `the kernel said ${said}`,
      remedy: 'do it as the user who started the container, or as root',
    });
  }
  return new IoError({ what, path, errno, hint: errno === '' ? said : hintFor('openat', errno) });
}

function attempt<T>(what: string, path: string, work: () => Promise<T>): ResultAsync<T, HacoError> {
  return ResultAsync.fromPromise(work(), (thrown) => errorOf(thrown, what, path));
}

async function exists(path: string): Promise<Directory | undefined> {
  try {
    return await Directory.open(path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Use both directories. Nothing was kept yet: the answer is `nothing`. */
async function withBoth<T>(
  { lower, keep }: KeptRoot,
  nothing: T,
  use: (upper: Directory, lower: Directory) => Promise<T>,
): Promise<T> {
  const below = await exists(lower);
  if (below === undefined) {
    throw new NotFoundError({ what: 'rootfs', subject: lower, remedy: 'give the directory that the layer lies over' });
  }
  try {
    const upper = await exists(join(keep, 'upper'));
    if (upper === undefined) return nothing;
    try {
      return await use(upper, below);
    } finally {
      await upper.close();
    }
  } finally {
    await below.close();
  }
}

async function demandUnused(keep: string): Promise<void> {
  const pid = await userOf(keep);
  if (pid === undefined) return;
  throw new ConflictError({
    what: 'writable layer',
    subject: keep,
    remedy: `wait until the container of process ${String(pid)} has ended, or kill it`,
  });
}

async function collect(upper: Directory, lower: Directory): Promise<readonly OverlayChange[]> {
  const changes: OverlayChange[] = [];
  for await (const change of walkChanges(upper, lower)) changes.push(change);
  return changes;
}

async function drop(keep: string): Promise<void> {
  for (const name of ['upper', 'work']) {
    const directory = await exists(join(keep, name));
    try {
      if (directory !== undefined) await emptyDirectory(directory);
    } finally {
      await directory?.close();
    }
  }
}

/**
 * A root directory under a writable layer that is kept: give it to `chroot()`, then look at what the container changed.
 *
 * @param directories - `lower`: the root directory; `keep`: the directory that keeps the layer, made at the first start. Relative
 *   paths begin at the working directory.
 *
 * @example
 * ```ts
 * import { haco } from '@haco/core';
 * import { overlayRoot } from '@haco/mounts';
 * const root = overlayRoot({ lower: '/srv/debian', keep: '/var/lib/changes' });
 * await haco().unshare('mount').chroot(root).sh('apt-get install -y jq').run();
 * const changes = await root.changes(); // [{ kind: 'added', path: '/usr/bin/jq', type: 'file' }, …]
 * await root.discard(); // or root.commit()
 * ```
 */
export function overlayRoot(directories: KeptRoot): OverlayRoot {
  const kept = { lower: resolve(directories.lower), keep: resolve(directories.keep) };
  return {
    ...kept,
    changes: () => attempt('read the changes kept in', kept.keep, () => withBoth(kept, [], collect)),
    commit: () =>
      attempt('apply the changes kept in', kept.keep, async () => {
        await demandUnused(kept.keep);
        const changes = await withBoth(kept, [], async (upper, lower) => {
          const found = await collect(upper, lower);
          await applyLayer(upper, lower);
          return found;
        });
        await drop(kept.keep);
        return changes;
      }),
    discard: () =>
      attempt('drop the changes kept in', kept.keep, async () => {
        await demandUnused(kept.keep);
        await drop(kept.keep);
      }),
  };
}
