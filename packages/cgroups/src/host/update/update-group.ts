/** Change the limits of a living group: all of them, or none. */
import { StateError, formatBytes, quote, type HacoError, nothing } from '@haco/plan';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { deviceProgramFile } from '../../controllers/devices.js';
import { kernelBytes } from '../../controllers/units.js';
import { settingsOf, type Setting } from '../../settings.js';
import type { CgroupsSection } from '../../section.js';
import { changeDevices, type DeviceChange } from '../device-program.js';
import { textOf, writeNow, writeText } from '../files.js';
import type { GroupDir } from '../group-dir.js';
import { descendants } from '../members.js';
import { isBoolean, isFunction, type Checks } from '../options.js';
import { ruleFiles, undoOfRule } from './device-undo.js';
import { handDown } from './hand-down.js';
import { planUpdate, type PlannedWrite } from './plan-update.js';
import { inTurn } from './turns.js';
import { partOf, undoOf } from './undo-form.js';

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
  readonly confirm?: () => Result<unknown, HacoError> | PromiseLike<Result<unknown, HacoError>>;
}

export const updateChecks = { allowOomKill: isBoolean, confirm: isFunction } as const satisfies Checks<UpdateOptions>;

function oldText(path: string): string | undefined {
  return textOf(path)?.trim();
}

/** Refuse what would make the kernel kill: a `memory.max` below what stays in use after reclaim. */
export function makeRoom({
  path,
  file,
  value,
}: Pick<PlannedWrite, 'path' | 'file' | 'value'>): ResultAsync<void, HacoError> {
  // Also "8M", which the kernel takes; what it doesn't take, it refuses by itself.
  const limit = file === 'memory.max' ? kernelBytes(value) : undefined;
  if (limit === undefined) return okAsync(undefined);
  const dir = directoryOf(path);
  const inUse = (): number => Number(textOf(`${dir}/memory.current`) ?? 0);
  const excess = inUse() - limit;
  if (!(excess > 0)) return okAsync(undefined);
  // EAGAIN: not as much could be reclaimed. Before Linux 5.19 there is no such file. What counts is what is in use then.
  return writeText(`${dir}/memory.reclaim`, String(excess))
    .orElse(() => okAsync(undefined))
    .andThen(() => {
      if (inUse() <= limit) return okAsync(undefined);
      return errAsync(
        new StateError({
          what: `lower ${path} to ${formatBytes(limit)}`,
          state: `the group uses ${formatBytes(inUse())} that the kernel could not reclaim`,
          remedy: 'raise the limit, stop processes first, or allow the kernel to kill some with allowOomKill: true',
        }),
      );
    });
}

/** What was done, with how it is undone. */
interface Done extends LimitChange {
  readonly program?: DeviceChange;
  /** Of files that can be read: the content afterwards. */
  readonly after?: string | undefined;
  /** Of rules about devices on v1: `devices.list` before and after. */
  readonly list?: { readonly before: string; readonly after: string };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Somebody else has written since: theirs stays. */
function overwritten(path: string, now: string | undefined): HacoError {
  return new StateError({
    what: `put ${path} back`,
    state: `somebody else has changed it meanwhile, to ${quote(now ?? '')}`,
    remedy: 'look whether that is what you want',
  });
}

function inexact(path: string, hasChildren: boolean): HacoError {
  const whole = 'give the whole list again, beginning with { allow: false } or { allow: true }';
  return new StateError({
    what: `put the rules about devices of ${directoryOf(path)} back exactly`,
    state: hasChildren
      ? 'the groups below it have lost what it was denied for a moment'
      : 'it allows by default, where the kernel does not list what is denied',
    remedy: hasChildren ? 'give those their rules again' : whole,
  });
}

/** Take one rule about devices back; what is wrong or unknown afterwards. */
function putRuleBack({ path, file, to }: Done, list: { before: string; after: string }): readonly HacoError[] {
  const directory = directoryOf(path);
  const { writes, isExact } = undoOfRule({ file, value: to, ...list });
  const problems = writes.flatMap(([name, value]) =>
    writeNow(`${directory}/${name}`, value).match(
      () => [],
      (one) => [one],
    ),
  );
  // What a group is denied, those below it are denied too; what it is given back, they are not.
  const reached = file === 'devices.deny' && descendants(directory).length > 0;
  return [...problems, ...(isExact ? [] : [inexact(path, false)]), ...(reached ? [inexact(path, true)] : [])];
}

function putOneBack(done: Done): readonly HacoError[] {
  const { path, file, from, to, program, after, list } = done;
  const problem = program?.putBack();
  if (problem !== undefined) return [problem];
  if (list !== undefined) return putRuleBack(done, list);
  if (from === undefined) return [];
  const now = oldText(path);
  if (after !== undefined && now !== undefined && partOf(file, to, now) !== partOf(file, to, after)) {
    return [overwritten(path, now)];
  }
  return writeNow(path, undoOf(file, to, from), { was: now ?? to }).match(
    () => [],
    (one) => [one],
  );
}

/** Put changed limits back, newest first, because of an error that came afterwards; what couldn't be is in its `cleanup`. */
function putBack(done: readonly Done[], error: HacoError): HacoError {
  error.cleanup = [...error.cleanup, ...[...done].reverse().flatMap(putOneBack)];
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

/** What the group may do with devices, where that can be read. */
function listOf(path: string): string | undefined {
  return textOf(`${directoryOf(path)}/devices.list`);
}

async function perform(write: PlannedWrite, { allowOomKill }: UpdateOptions): Promise<Result<Done, HacoError>> {
  const { path, file, value } = write;
  const from = oldText(path);
  if (file === deviceProgramFile) {
    return changeDevices(directoryOf(path), value).map((program) => ({ path, file, from, to: value, program }));
  }
  const room = allowOomKill === true ? okAsync<void, HacoError>(undefined) : makeRoom(write);
  const list = ruleFiles.includes(file) ? listOf(path) : undefined;
  return room
    .andThen(() => writeText(path, value, { was: from, stepId: 'cgroups.limit' }))
    .map(() => ({
      path,
      file,
      from,
      to: value,
      after: from === undefined ? undefined : oldText(path),
      ...(list === undefined ? {} : { list: { before: list, after: listOf(path) ?? list } }),
    }));
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
  const all = async (): Promise<Result<Applied, HacoError>> => {
    const able = await handDown(dirs, settings);
    const planned = able.andThen((withAll) => planUpdate(withAll, settings, oldText));
    if (planned.isErr()) return err(planned.error);
    const done: Done[] = [];
    const refused: string[] = [];
    for (const write of planned.value) {
      const result = await perform(write, options);
      if (result.isOk()) done.push(result.value);
      else if (mayRefuse.includes(write.enforces) && isRefusal(result.error)) refused.push(write.enforces);
      else return err(putBack(done, result.error));
    }
    const confirmed = (await options.confirm?.()) ?? ok(undefined);
    if (confirmed.isErr()) return err(putBack(done, confirmed.error));
    for (const { program } of done) program?.keep();
    return ok({ changes: done.map(({ path, file, from, to }) => ({ path, file, from, to })), refused });
  };
  return new ResultAsync(inTurn(dirs, all));
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
