/** Makes a directory as a whole or not at all: beside its final name, which it gets when it is finished. */
import { chmod, lstat, mkdir, opendir, realpath, rename, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ConflictError, type HacoError, IoError } from '@haco/plan';
import { type ResultAsync } from 'neverthrow';
import type { PrepareContext } from '../strategy.js';
import { attempt, cancelled, errnoOf, toHacoError } from './failure.js';
import { publishRecord, type RootNotes, stageRecord } from './record.js';
import { abandonedPartials, partialName } from './partial.js';
import { removeTree } from './remove.js';

/** Where a root is made. */
export interface Stage {
  /** Empty, 0755; becomes the target. */
  readonly root: string;
  /** Empty, for a tool's temporary files; removed at the end. */
  readonly scratch: string;
  /** The directory of both; 0700, so that no other user runs set-uid programs of a half-made root. */
  readonly outer: string;
}

/**
 * Run `make`, unless `target` is there and not empty. When two programs make the same target at once, the first to finish
 * wins and the other's work is thrown away.
 */
export function makeOnce(
  target: string,
  { signal, onProgress }: PrepareContext,
  make: (stage: Stage) => Promise<RootNotes | void>,
): ResultAsync<void, HacoError> {
  const run = async (): Promise<void> => {
    const wanted = await follow(resolve(target));
    if (await isFilled(wanted)) return;
    if (isAborted(signal)) throw cancelled(target);
    const firstMade = await mkdir(dirname(wanted), { recursive: true });
    for (const path of await abandonedPartials(wanted)) {
      onProgress?.(`removing ${path}, left by a program that was killed`);
      await removeTree(path);
    }
    const outer = await partialName(wanted);
    const stage = { outer, root: join(outer, 'root'), scratch: join(outer, 'scratch') };
    try {
      await mkdir(outer, { mode: 0o700 });
      await mkdir(stage.root);
      await chmod(stage.root, 0o755);
      await mkdir(stage.scratch, { mode: 0o700 });
      const notes = await make(stage);
      if (isAborted(signal)) throw cancelled(target);
      if (!(await isFilled(stage.root))) throw empty(target);
      if (notes !== undefined) await stageRecord(outer, stage.root, notes);
      if ((await publish(stage.root, wanted, onProgress)) && notes !== undefined) await publishRecord(outer, wanted);
    } catch (thrown) {
      // The first error is the answer; what clean-up found is attached.
      const error = toHacoError(isAborted(signal) ? cancelled(target) : thrown, 'make', target);
      await removeTree(outer).catch((found: unknown) => {
        error.cleanup = [...error.cleanup, toHacoError(found, 'remove the half-made', outer)];
      });
      if (firstMade !== undefined) await removeEmpty(dirname(wanted), firstMade);
      throw error;
    }
    await removeTree(outer);
  };
  return attempt(run, 'make the root filesystem', target);
}

/** A symbolic link to a directory stays one: what it points to is made. */
async function follow(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
  const link = await lstat(path).catch(() => undefined);
  if (link === undefined) return path;
  throw new ConflictError({
    what: 'target',
    subject: path,
    remedy: 'it is a symbolic link to nowhere; remove it or choose another target',
  });
}

/** Whether a directory with content is there. */
async function isFilled(path: string): Promise<boolean> {
  try {
    const directory = await opendir(path);
    try {
      return (await directory.read()) !== null;
    } finally {
      await directory.close();
    }
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === 'ENOENT') return false;
    if (errno !== 'ENOTDIR') throw thrown;
    const remedy = 'it, or something on the way to it, is not a directory; remove it or choose another target';
    throw new ConflictError({ what: 'target', subject: path, remedy });
  }
}

/** Give it its name. rename(2) replaces an empty directory, and fails on one that somebody filled meanwhile. */
async function publish(root: string, target: string, onProgress: PrepareContext['onProgress']): Promise<boolean> {
  try {
    await rename(root, target);
    return true;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw thrown;
    onProgress?.(`${target} was made by another program meanwhile; that one is used`);
    return false;
  }
}

/** Remove the parents that were made for the target, from `path` up to `first`, as far as they are empty. */
async function removeEmpty(path: string, first: string): Promise<void> {
  for (let at = path; relative(first, at) === '' || !relative(first, at).startsWith('..'); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/** A function, because TypeScript believes that the answer of a property never changes. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function empty(target: string): IoError {
  const hint = 'nothing was put into it; an empty root would be taken for one that is still to be made';
  return new IoError({ what: 'make the root filesystem', path: basename(target), errno: '', hint });
}
