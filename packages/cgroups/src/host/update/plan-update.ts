/** Which files an update writes, and in which order the kernel takes them. Pure. */
import { StateError, UnsupportedError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { deviceProgramFile } from '../../controllers/devices.js';
import type { Setting } from '../../settings.js';
import { spell, writesOf } from '../../spell.js';
import { hasController, type GroupDir } from '../group-dir.js';

/** One write of an update. */
export interface PlannedWrite {
  /** Absolute path. */
  readonly path: string;
  /** Name of the file. */
  readonly file: string;
  readonly value: string;
  /** What asked for it, e.g. `cgroups.memory`. */
  readonly from: string;
  /** Name of the limit, see {@link Setting.enforces}. */
  readonly enforces: string;
}

/** The content of a file before the update, without the end of line; undefined when it can't be read. */
export type ReadOld = (path: string) => string | undefined;

const memoryFile = 'memory.limit_in_bytes';
const bothFile = 'memory.memsw.limit_in_bytes';

/** v1's highest limit is a little less than 2^63; `-1` means it. */
function bytes(text: string | undefined): number {
  const number = Number(text);
  return text === undefined || Number.isNaN(number) || number < 0 ? Number.POSITIVE_INFINITY : number;
}

/**
 * v1 refuses a limit of memory that is above the one of memory and swap together, also for the moment between two writes: when
 * the limits grow the common one goes first, when they shrink it goes last.
 */
function orderMemory(writes: readonly PlannedWrite[], old: ReadOld): readonly PlannedWrite[] {
  const memory = writes.findIndex(({ file }) => file === memoryFile);
  const both = writes.findIndex(({ file }) => file === bothFile);
  const [first, second] = [writes[memory], writes[both]];
  if (first === undefined || second === undefined) return writes;
  const grows = bytes(first.value) > bytes(old(second.path));
  const ordered = grows ? [second, first] : [first, second];
  const at = Math.min(memory, both);
  const rest = writes.filter((write) => write !== first && write !== second);
  return [...rest.slice(0, at), ...ordered, ...rest.slice(at)];
}

// What can't be read can't be put back: last, so that nothing after it fails.
function readableFirst(writes: readonly PlannedWrite[], old: ReadOld): readonly PlannedWrite[] {
  const isReadable = (write: PlannedWrite): boolean => old(write.path) !== undefined;
  return [...writes.filter(isReadable), ...writes.filter((write) => !isReadable(write))];
}

/**
 * The writes that bring `settings` into the group `dirs`, in an order that the kernel takes from where the group is now.
 */
export function planUpdate(
  dirs: readonly GroupDir[],
  settings: readonly Setting[],
  old: ReadOld,
): Result<readonly PlannedWrite[], HacoError> {
  const writes: PlannedWrite[] = [];
  // On hybrid hosts a resource may be in two hierarchies; the first one has the limits, as for containers.
  const byDir = new Map<GroupDir, Setting[]>(dirs.map((dir) => [dir, []]));
  for (const setting of settings) {
    const dir = dirs.find((one) => hasController(one, setting.controller));
    if (dir === undefined) {
      return err(
        new StateError({
          what: `change ${setting.enforces}`,
          state: `the group ${dirs[0]?.path ?? ''} has no part in the controller ${setting.controller}`,
          remedy: `give it a limit of ${setting.controller} when it is created`,
        }),
      );
    }
    byDir.get(dir)?.push(setting);
    if (spell(setting, dir.version, settings) === undefined) {
      return err(
        new UnsupportedError({
          feature: `way to say ${setting.key}=${setting.value} to cgroup v${String(dir.version)}`,
          neededFor: setting.enforces,
          since: `${dir.path} is cgroup v${String(dir.version)}`,
          remedy: `use a key of v${String(dir.version)}, together with the limits that it depends on`,
        }),
      );
    }
  }
  for (const dir of dirs) {
    for (const { file, value, setting } of writesOf(byDir.get(dir) ?? [], dir.version, settings)) {
      const path = `${dir.path}/${file}`;
      const { from, enforces } = setting;
      // All rules about devices are one program.
      const program = file === deviceProgramFile ? writes.findIndex((write) => write.path === path) : -1;
      const before = writes[program];
      if (before === undefined) writes.push({ path, file, value, from, enforces });
      else writes[program] = { ...before, value: `${before.value}, ${value}` };
    }
  }
  return ok(readableFirst(orderMemory(writes, old), old));
}
