/** Which files an update writes, and in which order the kernel takes them. Pure. */
import { StateError, UnsupportedError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { deviceProgramFile } from '../../controllers/devices.js';
import type { Setting } from '../../settings.js';
import { spell, writesOf } from '../../spell.js';
import { hasController, type GroupDir } from '../group-dir.js';
import { together, type ReadOld } from './current.js';
import { inOrder } from './order.js';

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

/** Files whose word for "no limit" both versions know. */
const unlimited: Readonly<Record<string, string>> = { cpu: 'cpu.max', memory: 'memory.max', pids: 'pids.max' };

/** How a group has a part in a controller from its beginning. */
function placeFor(controller: string): string {
  const group = `or create the group with controllers: ["${controller}"]`;
  const key = Object.hasOwn(unlimited, controller) ? unlimited[controller] : undefined;
  return key === undefined
    ? `start the container with a limit of ${controller}, ${group}`
    : `start the container with .cgroup("${key}", "max"), which limits nothing yet, ${group}`;
}

/**
 * The writes that bring what is asked into the group `dirs`, in an order that the kernel takes from where the group is now.
 */
export function planUpdate(
  dirs: readonly GroupDir[],
  asked: readonly Setting[],
  old: ReadOld,
): Result<readonly PlannedWrite[], HacoError> {
  const { settings, context } = together(dirs, asked, old);
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
          remedy: placeFor(setting.controller),
        }),
      );
    }
    byDir.get(dir)?.push(setting);
    if (spell(setting, dir.version, context) === undefined) {
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
    for (const { file, value, setting } of writesOf(byDir.get(dir) ?? [], dir.version, context)) {
      const path = `${dir.path}/${file}`;
      const { from, enforces } = setting;
      // All rules about devices are one program.
      const program = file === deviceProgramFile ? writes.findIndex((write) => write.path === path) : -1;
      const before = writes[program];
      if (before === undefined) writes.push({ path, file, value, from, enforces });
      else writes[program] = { ...before, value: `${before.value}, ${value}` };
    }
  }
  return ok(inOrder(writes, old));
}
