/** A control group as one thing, whatever hierarchies it has a part in. */
import { probeHost } from '@haco/sys';
import { PermissionError, StateError, type Enforcement, type HacoError, nothing } from '@haco/plan';
import { errAsync, okAsync, type ResultAsync, type Result } from 'neverthrow';
import type { CgroupsSection } from '../section.js';
import { createChild, type ChildOptions } from './make-dirs.js';
import { delegateDirs } from './delegate.js';
import { watchGroup, type EventsOptions, type GroupEvent } from './events/events.js';
import { setFrozen } from './freeze.js';
import { existingDirs, ownDirs, type GroupDir } from './group-dir.js';
import { killAll } from './kill.js';
import { changeOf, type GroupLimits } from './limits.js';
import { membership } from './membership.js';
import { enter, isMember, pidsOf, processTree, treePidsOf } from './members.js';
import { checked, elsewhere, isBoolean, isPid, readOptions } from './options.js';
import { removeDirs } from './remove.js';
import { StatsReader, type GroupStats, type StatsOptions } from './stats/snapshot.js';
import { writeText } from './files.js';
import { updateChecks, updateGroup, type LimitChange, type UpdateOptions } from './update/update-group.js';
import { timeoutOf, type WaitOptions } from './wait-options.js';

export type { WaitOptions } from './wait-options.js';

/** What a {@link Group} is made of. */
export interface GroupFields {
  readonly name: string;
  readonly dirs: readonly GroupDir[];
  /** Directories to remove with it when it was the last in them. */
  readonly parents?: readonly string[];
  /** Who sets limits instead of the files: the systemd driver. */
  readonly setLimits?: (
    section: CgroupsSection,
    options: UpdateOptions,
  ) => ResultAsync<readonly LimitChange[], HacoError>;
  /** How far the limits that may be left out are in force. */
  readonly enforced?: Readonly<Record<string, Enforcement>>;
  /** Why it may only be looked at. */
  readonly readOnly?: string;
}

/** Where a process is now, in the same hierarchies as `dirs`. */
function placesOf(pid: number, dirs: readonly GroupDir[]): readonly (string | undefined)[] {
  const bases = ownDirs(probeHost());
  return dirs.map(({ path }) => {
    const base = bases.filter(({ mountPoint }) => path.startsWith(`${mountPoint}/`));
    return membership(pid, base)[0]?.path;
  });
}

/**
 * A control group. Made by `createGroup`, found by `openGroup`.
 *
 * Methods that change something return `ResultAsync`; two changes of limits at once are made one after the other.
 */
export class Group {
  /** Last part of its path. */
  readonly name: string;
  /** For each limit that it was created with: how far it is in force. Empty for a group that was there already. */
  readonly enforced: Readonly<Record<string, Enforcement>>;
  readonly #fields: GroupFields;
  #dirs: readonly GroupDir[];
  #stats: StatsReader | undefined;

  /** @internal */
  constructor(fields: GroupFields) {
    this.name = fields.name;
    this.#dirs = fields.dirs;
    this.enforced = fields.enforced ?? {};
    this.#fields = fields;
  }

  /** Its directory in each hierarchy that it has a part in. */
  get dirs(): readonly GroupDir[] {
    return this.#dirs;
  }

  /** Absolute path of the directory that has a controller, e.g. for a file that haco has no words for. */
  path(controller?: string): string | undefined {
    const dir =
      controller === undefined ? this.dirs[0] : this.dirs.find(({ controllers }) => controllers.includes(controller));
    return dir?.path;
  }

  /** Processes in the group; with `tree`, also those in groups below it. */
  pids(options: { readonly tree?: boolean } = nothing): readonly number[] {
    return options.tree === true ? treePidsOf(this.dirs) : pidsOf(this.dirs);
  }

  /**
   * Put a process into the group, with all its threads; what it starts from now on is in it too. In all hierarchies, or in none.
   *
   * @param pid - this process itself by `process.pid`
   */
  add(pid: number): ResultAsync<void, HacoError> {
    return this.#changing('add a process to', () =>
      checked('pid', pid, isPid).asyncAndThen(() => enter(this.dirs, pid, placesOf(pid, this.dirs))),
    );
  }

  /** Put a process and all that it has started into the group, also what they start meanwhile. */
  addTree(pid: number): ResultAsync<readonly number[], HacoError> {
    const added = new Set<number>();
    const round = (): ResultAsync<readonly number[], HacoError> => {
      const next = processTree(pid).filter((one) => !added.has(one));
      if (next.length === 0) return okAsync([...added]);
      return next
        .reduce<ResultAsync<void, HacoError>>(
          (before, one) =>
            before.andThen(() => {
              added.add(one);
              return this.add(one).orElse((error) =>
                // A child that ended meanwhile is no loss; the process that was named is.
                error.kind === 'not-found' && one !== pid ? okAsync(undefined) : errAsync(error),
              );
            }),
          okAsync(undefined),
        )
        .andThen(round);
    };
    return checked('pid', pid, isPid).asyncAndThen(round);
  }

  /** Put one thread into this group: of a process of the threaded domain on v2, of any process on v1. */
  addThread(tid: number): ResultAsync<void, HacoError> {
    return this.#changing('add a thread to', () =>
      this.dirs.reduce<ResultAsync<void, HacoError>>(
        (before, { version, path }) =>
          before.andThen(() =>
            writeText(`${path}/${version === 1 ? 'tasks' : 'cgroup.threads'}`, String(tid), { stepId: 'cgroups.join' }),
          ),
        checked('tid', tid, isPid).asyncMap(() => Promise.resolve()),
      ),
    );
  }

  /** Move a process of this group into another one. */
  move(pid: number, other: Group): ResultAsync<void, HacoError> {
    return checked('pid', pid, isPid).asyncAndThen(() => {
      if (isMember(this.dirs, pid)) return other.add(pid);
      return errAsync(
        new StateError({
          what: `move process ${String(pid)} out of ${this.name}`,
          state: 'it is not in that group',
          remedy: `say other.add(${String(pid)}) to move it from wherever it is`,
        }),
      );
    });
  }

  /**
   * Change limits, all or nothing: when the kernel refuses one, those written before are put back and the error names the file
   * with its old and its new value. Says what changed.
   *
   * @example
   * ```ts
   * import { createGroup, orThrow } from '@haco/cgroups';
   * const group = await orThrow(createGroup({ name: 'build', cpu: 50 }));
   * await group.update({ cpu: 20, memory: '1GiB' });
   * ```
   */
  update(limits: GroupLimits, options: UpdateOptions = nothing): ResultAsync<readonly LimitChange[], HacoError> {
    return this.#changing('change the limits of', () =>
      changeOf(limits)
        .andThen((section) => readOptions(options, updateChecks).map((how) => ({ section, how })))
        .asyncAndThen(
          ({ section, how }) => this.#fields.setLimits?.(section, how) ?? updateGroup(this.dirs, section, how),
        )
        .map((changes) => {
          this.#lookAgain();
          return changes;
        }),
    );
  }

  /** What it uses right now. Keeps its files open until {@link Group.close}. */
  stats(options: StatsOptions = nothing): Result<GroupStats, HacoError> {
    this.#stats ??= new StatsReader(this.dirs);
    return this.#stats.read(options);
  }

  /**
   * What happens in the group, as it happens: until the loop is left, the signal aborts, or the group is removed. While somebody
   * listens the process stays alive.
   *
   * @example
   * ```ts
   * import { createGroup, orThrow } from '@haco/cgroups';
   * const group = await orThrow(createGroup({ name: 'build', memory: '64MiB' }));
   * for await (const event of group.events()) {
   *   if (event.type === 'oom-kill') console.log('killed', event.count);
   *   if (event.type === 'empty') break;
   * }
   * ```
   */
  events(options: EventsOptions = nothing): AsyncIterableIterator<GroupEvent> {
    return watchGroup(this.dirs, options);
  }

  /** Stop all processes in it and below, and wait until they are stopped. */
  freeze(options: WaitOptions = nothing): ResultAsync<void, HacoError> {
    return this.#changing('freeze', () =>
      timeoutOf(options).asyncAndThen((timeoutMs) => setFrozen(this.dirs, true, timeoutMs)),
    );
  }

  /** Let them go on. */
  thaw(options: WaitOptions = nothing): ResultAsync<void, HacoError> {
    return this.#changing('thaw', () =>
      timeoutOf(options).asyncAndThen((timeoutMs) => setFrozen(this.dirs, false, timeoutMs)),
    );
  }

  /** SIGKILL all processes in it and below, and wait until they are gone. */
  kill(options: WaitOptions = nothing): ResultAsync<void, HacoError> {
    return this.#changing('kill', () => timeoutOf(options).asyncAndThen((timeoutMs) => killAll(this.dirs, timeoutMs)));
  }

  /** Remove it and the groups below it. Refused while processes are in it, unless `kill` says to end them. */
  remove(options: WaitOptions & { readonly kill?: boolean } = nothing): ResultAsync<void, HacoError> {
    return this.#changing('remove', () =>
      readOptions<WaitOptions & { readonly kill?: boolean }>(options, { timeout: elsewhere, kill: isBoolean })
        .andThen(({ kill = false, ...wait }) => timeoutOf(wait).map((timeoutMs) => ({ kill, timeoutMs })))
        .asyncAndThen(({ kill, timeoutMs }) => {
          this.close();
          const killed = kill ? killAll(this.dirs, timeoutMs) : okAsync<void, HacoError>(undefined);
          return killed.andThen(() => removeDirs(this.dirs, this.#fields.parents ?? [], timeoutMs));
        }),
    );
  }

  /** Make a group below this one, whose limits count within this one's. */
  child(name: string, options: ChildOptions = nothing): ResultAsync<Group, HacoError> {
    return this.#changing('make a group below', () =>
      createChild(this.dirs, name, options).map((made) => new Group({ name, ...made })),
    );
  }

  /**
   * Give it to an ordinary user, who may then make groups below it and move processes among them; its own limits stay out of
   * reach.
   *
   * @param gid - the user's group; the same number when left out
   */
  delegate(uid: number, gid: number = uid): Result<void, HacoError> {
    return delegateDirs(this.dirs, uid, gid);
  }

  /** Give back the descriptors of {@link Group.stats}. The group stays. */
  close(): void {
    this.#stats?.close();
    this.#stats = undefined;
  }

  /** Close what is kept open, as `close()`; the group itself stays. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** A limit that came later may have brought its controller, which is counted and watched from then on. */
  #lookAgain(): void {
    const before = this.#dirs;
    this.#dirs = before.map((dir) => existingDirs([dir])[0] ?? dir);
    const same = this.#dirs.every(({ controllers }, at) => controllers.join() === before[at]?.controllers.join());
    if (!same) this.close();
  }

  #changing<T>(what: string, perform: () => ResultAsync<T, HacoError>): ResultAsync<T, HacoError> {
    const { readOnly } = this.#fields;
    if (readOnly === undefined) return perform();
    return errAsync(
      new PermissionError({
        what: `${what} ${this.dirs[0]?.path ?? this.name}`,
        missing: readOnly,
        remedy: 'create a group of its own for what you want to limit, and add the processes to that',
      }),
    );
  }
}
