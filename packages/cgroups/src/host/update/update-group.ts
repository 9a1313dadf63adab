/** Change the limits of a living group: all of them, or none. */
import { StateError, formatBytes, type HacoError } from '@haco/plan';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { settingsOf } from '../../settings.js';
import type { CgroupsSection } from '../../section.js';
import { textOf, writeNow, writeText } from '../files.js';
import type { GroupDir } from '../group-dir.js';
import { undoOf } from './device-lines.js';
import { planUpdate, type PlannedWrite } from './plan-update.js';

/** A file that was changed. */
export interface LimitChange {
  /** Absolute path. */
  readonly path: string;
  readonly file: string;
  /** The content before, without the end of line; undefined when the file can't be read. */
  readonly from: string | undefined;
  readonly to: string;
}

/** How to update. */
export interface UpdateOptions {
  /**
   * On v2 a memory limit below what is in use lets the kernel kill processes. `false`, the default: what can be reclaimed is
   * reclaimed, and when that isn't enough the update is refused, as v1 does by itself.
   */
  readonly allowOomKill?: boolean;
}

function oldText(path: string): string | undefined {
  return textOf(path)?.trim();
}

/** Refuse what would make the kernel kill: a `memory.max` below what stays in use after reclaim. */
function makeRoom({ path, file, value }: PlannedWrite): ResultAsync<void, HacoError> {
  if (file !== 'memory.max' || value === 'max') return okAsync(undefined);
  const dir = path.slice(0, path.lastIndexOf('/'));
  const inUse = (): number => Number(textOf(`${dir}/memory.current`) ?? 0);
  const excess = inUse() - Number(value);
  if (!(excess > 0)) return okAsync(undefined);
  // EAGAIN: not as much could be reclaimed. Before Linux 5.19 there is no such file. What counts is what is in use then.
  return writeText(`${dir}/memory.reclaim`, String(excess))
    .orElse(() => okAsync(undefined))
    .andThen(() => {
      if (inUse() <= Number(value)) return okAsync(undefined);
      return errAsync(
        new StateError({
          what: `lower ${path} to ${formatBytes(Number(value))}`,
          state: `the group uses ${formatBytes(inUse())} that the kernel could not reclaim`,
          remedy: 'raise the limit, stop processes first, or allow the kernel to kill some with allowOomKill: true',
        }),
      );
    });
}

/**
 * Put changed limits back, newest first, because of an error that came afterwards. Returns that error, with what could not be put
 * back in its `cleanup`.
 */
export function putBackLimits(done: readonly LimitChange[], error: HacoError): HacoError {
  const problems: HacoError[] = [];
  for (const { path, file, from, to } of [...done].reverse()) {
    if (from === undefined) continue;
    const undone = writeNow(path, undoOf(file, to, from), { was: to });
    if (undone.isErr()) problems.push(undone.error);
  }
  error.cleanup = [...error.cleanup, ...problems];
  return error;
}

/**
 * Change limits of the group that lies at `dirs`. When the kernel refuses one, those written before are put back, and the error
 * names the file, its value and the one that was refused; `error.cleanup` holds what could not be put back.
 *
 * @param section - only what changes
 * @example
 * ```ts
 * import { containerDirs, updateGroup } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * const dirs = containerDirs('x', { cpu: 50, memory: 2 ** 28 }, probeHost());
 * const changes = await updateGroup(dirs, { cpu: 20 });
 * ```
 */
export function updateGroup(
  dirs: readonly GroupDir[],
  section: CgroupsSection,
  options: UpdateOptions = {},
): ResultAsync<readonly LimitChange[], HacoError> {
  const perform = async (writes: readonly PlannedWrite[]): Promise<Result<readonly LimitChange[], HacoError>> => {
    const done: LimitChange[] = [];
    for (const write of writes) {
      const from = oldText(write.path);
      const room = options.allowOomKill === true ? okAsync<void, HacoError>(undefined) : makeRoom(write);
      const result = await room.andThen(() =>
        writeText(write.path, write.value, { was: from, stepId: 'cgroups.limit' }),
      );
      if (result.isErr()) return err(putBackLimits(done, result.error));
      done.push({ path: write.path, file: write.file, from, to: write.value });
    }
    return ok(done);
  };
  return planUpdate(dirs, settingsOf(section), oldText).asyncAndThen((writes) => new ResultAsync(perform(writes)));
}
