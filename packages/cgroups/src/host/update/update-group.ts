/** Change the limits of a living group: all of them, or none. */
import { StateError, formatBytes, type HacoError, nothing } from '@haco/plan';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { deviceProgramFile } from '../../controllers/devices.js';
import { settingsOf, type Setting } from '../../settings.js';
import type { CgroupsSection } from '../../section.js';
import { changeDevices, type DeviceChange } from '../device-program.js';
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
  /** Called when everything is written; what it refuses is put back as if the kernel had. */
  readonly confirm?: () => Result<unknown, HacoError>;
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

/** What was done, with how it is undone. */
interface Done extends LimitChange {
  readonly program?: DeviceChange;
}

/** Put changed limits back, newest first, because of an error that came afterwards; what couldn't be is in its `cleanup`. */
function putBack(done: readonly Done[], error: HacoError): HacoError {
  const problems: HacoError[] = [];
  for (const { path, file, from, to, program } of [...done].reverse()) {
    const problem = program?.putBack();
    if (problem !== undefined) problems.push(problem);
    if (from === undefined) continue;
    const undone = writeNow(path, undoOf(file, to, from), { was: to });
    if (undone.isErr()) problems.push(undone.error);
  }
  error.cleanup = [...error.cleanup, ...problems];
  return error;
}

/** What was written, and what was left out because that is allowed. */
export interface Applied {
  readonly changes: readonly LimitChange[];
  /** Names of limits. */
  readonly refused: readonly string[];
}

/** The kernel has no such file, no such policy for a device, or doesn't take the value here. A missing privilege is not among them. */
const refusals = ['ENOENT', 'EINVAL', 'EOPNOTSUPP', 'ENODEV', 'ERANGE'];

async function perform(write: PlannedWrite, { allowOomKill }: UpdateOptions): Promise<Result<Done, HacoError>> {
  const { path, file, value } = write;
  const from = oldText(path);
  if (file === deviceProgramFile) {
    const directory = path.slice(0, path.lastIndexOf('/'));
    return changeDevices(directory, value).map((program) => ({ path, file, from, to: value, program }));
  }
  const room = allowOomKill === true ? okAsync<void, HacoError>(undefined) : makeRoom(write);
  return room
    .andThen(() => writeText(path, value, { was: from, stepId: 'cgroups.limit' }))
    .map(() => ({ path, file, from, to: value }));
}

/**
 * Bring settings into the group that lies at `dirs`: all of them but those that may be left out, or none.
 *
 * @param mayRefuse - names of limits that may be left out where the kernel refuses them
 */
export function applySettings(
  dirs: readonly GroupDir[],
  settings: readonly Setting[],
  options: UpdateOptions,
  mayRefuse: readonly string[] = [],
): ResultAsync<Applied, HacoError> {
  const all = async (writes: readonly PlannedWrite[]): Promise<Result<Applied, HacoError>> => {
    const done: Done[] = [];
    const refused: string[] = [];
    for (const planned of writes) {
      const result = await perform(planned, options);
      if (result.isOk()) done.push(result.value);
      else if (mayRefuse.includes(planned.enforces) && isRefusal(result.error)) refused.push(planned.enforces);
      else return err(putBack(done, result.error));
    }
    const confirmed = options.confirm?.() ?? ok(undefined);
    if (confirmed.isErr()) return err(putBack(done, confirmed.error));
    for (const { program } of done) program?.keep();
    return ok({ changes: done.map(({ path, file, from, to }) => ({ path, file, from, to })), refused });
  };
  return planUpdate(dirs, settings, oldText).asyncAndThen((writes) => new ResultAsync(all(writes)));
}

function isRefusal(error: HacoError): boolean {
  return error.kind === 'syscall' && refusals.includes(error.errno);
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
  options: UpdateOptions = nothing,
): ResultAsync<readonly LimitChange[], HacoError> {
  return applySettings(dirs, settingsOf(section), options).map(({ changes }) => changes);
}
