/** The directories of a new group: all of them with their limits, or none. */
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { ConflictError, PermissionError, UnsupportedError, type Enforcement, type HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { enforcedOf, type Enforceable } from '../degrade.js';
import { sharedParent } from '../hierarchy.js';
import { controllerNames } from '../keys.js';
import { commonNameOf } from '../locate.js';
import type { CgroupsSection } from '../section.js';
import { settingsOf, type Setting } from '../settings.js';
import { initialiseCpuset } from './cpuset.js';
import { errnoOf, failure, wordsOf, writeText } from './files.js';
import { existingDirs, hasController, joinPath, type Base, type GroupDir } from './group-dir.js';
import { limitChecks, newSection, type GroupLimits } from './limits.js';
import { isBoolean, isListOf, readOptions, type Check, type Checks } from './options.js';
import { enableControllers } from './subtree.js';
import { applySettings } from './update/update-group.js';

/** What every group is made with. */
export interface CreateOptions extends GroupLimits {
  /**
   * Controllers that the group has a part in besides those of its limits: what it can be limited by later, and what is counted.
   * By their names on v1 or v2. cpu, cpuacct, memory, pids, io and freezer when left out; those that the host lacks are passed over.
   */
  readonly controllers?: readonly string[];
  /**
   * On v2 a group with processes can't have groups with limits below it. `true`: such processes, this one perhaps among them,
   * are moved into a child group `haco-self`, where they stay under the same limits. `false`, the default: an error says so.
   */
  readonly moveSelfToLeaf?: boolean;
  /**
   * Limits that may be left out, or enforced in a weaker form, where the host can't: by their names, e.g. `['memory.high', 'cpu']`, or
   * `true` for all. {@link Group.enforced} says what became of them. Without it such a group isn't made.
   */
  readonly degrade?: boolean | readonly string[];
}

const isDegrade: Check = (value) => {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isList || typeof value === 'boolean' ? undefined : 'must be true, false, or a list of names of limits';
};

/** A controller may be of a hierarchy that this host has and haco has no words for. */
export function createChecks(): Checks<CreateOptions> {
  const { v1, v2 } = probeHost().cgroups;
  const onHost = [...Object.keys(v1).filter((name) => !name.startsWith('name=')), ...(v2?.controllers ?? [])];
  return {
    ...limitChecks,
    controllers: isListOf('controller', [...new Set([...controllerNames, ...onHost])]),
    moveSelfToLeaf: isBoolean,
    degrade: isDegrade,
  };
}

/** A group that was made. */
export interface MadeGroup {
  readonly dirs: readonly GroupDir[];
  readonly enforced: Readonly<Record<string, Enforcement>>;
}

/** A new group below another one. */
export interface ChildOptions extends CreateOptions {
  /** On v2: a group for threads, whose processes stay in the parent's domain. */
  readonly threaded?: boolean;
}

function makeDirectory(path: string): Result<void, HacoError> {
  try {
    mkdirSync(path);
    return ok(undefined);
  } catch (error) {
    return err(
      failure({ step: `make the group ${path}`, path, args: JSON.stringify(path), error, syscall: 'mkdirat' }),
    );
  }
}

/** Make the group in one hierarchy, and `haco` above it; whoever ends right now may remove that as empty. */
function makeBelowHaco(base: string, name: string): Result<string, HacoError> {
  const parent = joinPath(base, sharedParent);
  const path = `${parent}/${name}`;
  if (existsSync(path)) return err(taken(path));
  for (let round = 0; ; round += 1) {
    try {
      mkdirSync(parent);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') return makeDirectory(parent).map(() => path);
    }
    const made = makeDirectory(path);
    if (made.isOk()) return ok(path);
    if (existsSync(path)) return err(taken(path));
    if (existsSync(parent) || round === 3) return err(made.error);
  }
}

/** The error of a name that is in use. */
export function taken(path: string): HacoError {
  return new ConflictError({
    what: 'control group',
    subject: path,
    remedy: 'choose another name, open it with openGroup(), or remove it when nobody uses it',
  });
}

function removeMade(made: readonly string[]): void {
  for (const path of [...made].reverse()) {
    try {
      rmdirSync(path);
    } catch {
      // Nothing is in it yet; somebody else who came meanwhile keeps it.
    }
  }
}

/** Limits are written, or what was made goes again. */
function finish(
  made: readonly string[],
  dirs: readonly GroupDir[],
  asked: Enforceable,
  mayRefuse: readonly string[],
): ResultAsync<MadeGroup, HacoError> {
  const existing = existingDirs(dirs);
  const cpuset = existing.find((dir) => dir.version === 1 && hasController(dir, 'cpuset'));
  const ready = cpuset === undefined ? okAsync<void, HacoError>(undefined) : initialiseCpuset(cpuset.path);
  return ready
    .andThen(() => applySettings(existing, asked.settings, { allowOomKill: true }, mayRefuse))
    .map(({ refused }) => ({ dirs: existing, enforced: enforcedOf(asked, refused) }))
    .mapErr((error) => {
      removeMade(made);
      return error;
    });
}

/** Make the directories of a top-level group. */
export function createDirs(
  name: string,
  asked: Enforceable & { readonly mayRefuse: readonly string[] },
  places: readonly Base[],
  moveSelfToLeaf: boolean,
): ResultAsync<MadeGroup, HacoError> {
  const perform = async (): Promise<Result<MadeGroup, HacoError>> => {
    const needed = asked.settings.map(({ controller }) => controller);
    const made: string[] = [];
    const dirs: GroupDir[] = [];
    let refused: HacoError | undefined;
    for (const base of places) {
      const isNeeded = needed.some((controller) => hasController(base, controller));
      const path = makeBelowHaco(base.path, name);
      if (path.isErr()) {
        if (isNeeded || path.error.kind === 'conflict') {
          removeMade(made);
          return err(path.error);
        }
        refused ??= path.error;
        continue;
      }
      made.push(joinPath(base.path, sharedParent), path.value);
      dirs.push({ version: base.version, path: path.value, controllers: base.controllers });
      if (base.version === 1) continue;
      for (const parent of [base.path, joinPath(base.path, sharedParent)]) {
        const available = wordsOf(`${parent}/cgroup.controllers`);
        const must = base.controllers.filter((controller) => needed.includes(controller));
        const may = base.controllers.filter(
          (controller) => !needed.includes(controller) && available.includes(controller),
        );
        const enabled = await enableControllers(parent, must, moveSelfToLeaf);
        if (enabled.isErr()) {
          removeMade(made);
          return err(enabled.error);
        }
        // What is only counted isn't worth a failure.
        (await enableControllers(parent, may, moveSelfToLeaf)).unwrapOr(undefined);
      }
    }
    if (dirs.length === 0) return err(refused === undefined ? noPlace(name) : nowhere(name, asked, refused));
    return finish(made, dirs, asked, asked.mayRefuse);
  };
  return new ResultAsync(perform());
}

/** Not even with limits that may be left out: a group that is nowhere would say yes to everything. */
function nowhere(name: string, { degradations }: Enforceable, error: HacoError): HacoError {
  if (error.kind !== 'permission') return error;
  const limits = Object.keys(degradations);
  return new PermissionError({
    what: `make the group ${name} in any hierarchy`,
    missing: `${error.missing} (${error.what})${limits.length === 0 ? '' : `, so that ${limits.join(', ')} would be refused`}`,
    remedy: error.remedy,
  });
}

function noPlace(name: string): HacoError {
  return new UnsupportedError({
    feature: 'control groups',
    neededFor: `the group ${name}`,
    since: 'no cgroup or cgroup2 file system is mounted here',
    remedy: 'mount one with "mount -t cgroup2 none /sys/fs/cgroup"',
  });
}

/** Without the limits that a group can't have because the one above it has no part in their controllers, where that is allowed. */
function availableIn(parents: readonly GroupDir[], all: readonly Setting[], mayRefuse: readonly string[]): Enforceable {
  const isLost = ({ controller, enforces }: Setting): boolean =>
    mayRefuse.includes(enforces) && !parents.some((parent) => hasController(parent, controller));
  return {
    settings: all.filter((setting) => !isLost(setting)),
    degradations: Object.fromEntries(all.filter(isLost).map(({ enforces }) => [enforces, 'refused'])),
  };
}

/** The directories of a new group below `dirs`. */
export function createChild(
  parents: readonly GroupDir[],
  name: string,
  options: ChildOptions,
): ResultAsync<MadeGroup, HacoError> {
  return readOptions<ChildOptions>(options, { ...createChecks(), threaded: isBoolean }).asyncAndThen((read) =>
    makeChild(parents, name, read),
  );
}

function makeChild(
  parents: readonly GroupDir[],
  name: string,
  options: ChildOptions,
): ResultAsync<MadeGroup, HacoError> {
  const { moveSelfToLeaf = false, threaded = false, controllers } = options;
  const perform = async (section: CgroupsSection): Promise<Result<MadeGroup, HacoError>> => {
    const mayRefuse = section.degrade ?? [];
    const asked = availableIn(parents, settingsOf(section), mayRefuse);
    const needed = asked.settings.map(({ controller }) => controller);
    const made: string[] = [];
    const dirs: GroupDir[] = [];
    for (const parent of parents) {
      const path = `${parent.path}/${name}`;
      const wanted = (controllers?.map(commonNameOf) ?? parent.controllers).filter((one) => hasController(parent, one));
      const must = parent.controllers.filter((one) => needed.includes(one));
      if (parent.version === 2) {
        const enabled = await enableControllers(parent.path, must, moveSelfToLeaf);
        if (enabled.isErr()) {
          removeMade(made);
          return err(enabled.error);
        }
        const may = wanted.filter((one) => !must.includes(one));
        if (!threaded) (await enableControllers(parent.path, may, moveSelfToLeaf)).unwrapOr(undefined);
      }
      const directory = makeDirectory(path);
      if (directory.isErr()) {
        removeMade(made);
        return err(existsSync(path) ? taken(path) : directory.error);
      }
      made.push(path);
      dirs.push({ ...parent, path });
      if (!threaded || parent.version === 1) continue;
      const typed = await writeText(`${path}/cgroup.type`, 'threaded');
      if (typed.isErr()) {
        removeMade(made);
        return err(typed.error);
      }
    }
    return finish(made, dirs, asked, mayRefuse);
  };
  return newSection(options, name).asyncAndThen((section) => new ResultAsync(perform(section)));
}
