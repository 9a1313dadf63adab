/** Freezing a container, also one whose limits gave it no freezer: it then gets one at that moment. */
import { mkdirSync } from 'node:fs';
import { UnsupportedError, type HacoError, type HostFacts, nothing } from '@haco/plan';
import { err, errAsync, ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { freezerPath, freezerPlace } from '../freezer-place.js';
import { sharedParent } from '../hierarchy.js';
import type { CgroupsSection } from '../section.js';
import { errnoOf, failure, writeNow, writeText } from './files.js';
import { freezerOf, setFrozen } from './freeze.js';
import { containerDirs, joinPath, type GroupDir } from './group-dir.js';
import { pidNamespaceMembers, processTree, treePidsOf } from './members.js';
import { removeDirs } from './remove.js';
import { timeoutOf, type WaitOptions } from './wait-options.js';

/** Which container. */
export interface FrozenContainer {
  readonly name: string;
  readonly section: CgroupsSection;
  readonly host: () => HostFacts;
}

const removalMs = 2000;

/** Make a directory below another one that somebody may remove as empty right now. What a crash has left there serves again. */
function makeBelow(parent: string, path: string): Result<void, HacoError> {
  for (let round = 0; ; round += 1) {
    try {
      for (const directory of [parent, path]) {
        try {
          mkdirSync(directory);
        } catch (error) {
          if (errnoOf(error) !== 'EEXIST') throw error;
        }
      }
      return ok(undefined);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && round < 3) continue;
      const args = JSON.stringify(path);
      return err(failure({ step: `make the group ${path} to freeze`, path: parent, args, error, syscall: 'mkdirat' }));
    }
  }
}

/**
 * Stops and resumes all processes of a container. One whose groups have no freezer (v1 keeps it in a hierarchy of its own) gets a group
 * for that when it is frozen for the first time, and keeps it until it ends: starts don't pay for it.
 *
 * @example
 * ```ts
 * import { ContainerFreezer } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * const freezer = new ContainerFreezer({ name: 'web', section: { pids: 10 }, host: () => probeHost() });
 * await freezer.freeze(4711).andThen(() => freezer.thaw());
 * ```
 */
export class ContainerFreezer {
  readonly #container: FrozenContainer;
  /** The group that was made for freezing. */
  #own: GroupDir | undefined;

  constructor(container: FrozenContainer) {
    this.#container = container;
  }

  /** The group that was made for freezing, if any. */
  get own(): GroupDir | undefined {
    return this.#own;
  }

  /**
   * Stop everything, and wait until it is stopped.
   *
   * @param pid - the container's first process
   * @param joined - processes that the caller has sent into it, whoever finds them by another way
   */
  freeze(
    pid: number,
    options: WaitOptions = nothing,
    joined: () => readonly number[] = () => [],
  ): ResultAsync<void, HacoError> {
    return timeoutOf(options).asyncAndThen((timeoutMs) => this.#freeze(pid, timeoutMs, joined));
  }

  #freeze(pid: number, timeoutMs: number, joined: () => readonly number[]): ResultAsync<void, HacoError> {
    const dirs = this.#dirs();
    if (freezerOf(dirs) !== undefined) return setFrozen(dirs, true, timeoutMs);
    // Groups of several hierarchies hold the same processes.
    const members = (): readonly number[] =>
      dirs.length > 0 ? treePidsOf(dirs.slice(0, 1)) : membersWithoutGroup(pid, joined());
    return this.#makeOwn(dirs.length > 0 ? '' : `.${String(pid)}`).andThen((own) =>
      new ResultAsync(gather(own, members))
        .andThen(() => setFrozen([own], true, timeoutMs))
        // What is half frozen goes on as if nothing had been asked.
        .orElse((error) =>
          setFrozen([own], false, timeoutMs)
            .andThen(() => errAsync(error))
            .orElse(() => errAsync(error)),
        ),
    );
  }

  /** Let everything go on. */
  thaw(options: WaitOptions = nothing): ResultAsync<void, HacoError> {
    return timeoutOf(options).asyncAndThen((timeoutMs) => {
      const dirs = this.#dirs();
      if (freezerOf(dirs) !== undefined) return setFrozen(dirs, false, timeoutMs);
      // Never frozen: it goes on already.
      return this.#own === undefined ? okAsync(undefined) : setFrozen([this.#own], false, timeoutMs);
    });
  }

  /** Let a SIGKILL arrive that was sent: what v1 has frozen doesn't notice it, and dies of it before anything else when thawed. */
  wake(): void {
    const freezer = freezerOf(this.#own === undefined ? this.#dirs() : [this.#own]);
    if (freezer?.file !== 'freezer.state') return;
    // Best effort: the group may go this very moment.
    writeNow(`${freezer.path}/${freezer.file}`, freezer.values.thawed).unwrapOr(undefined);
  }

  /** Remove the group that was made for freezing, after the end of the container. */
  remove(): ResultAsync<void, HacoError> {
    const own = this.#own;
    if (own === undefined) return okAsync(undefined);
    this.#own = undefined;
    const parent = own.path.slice(0, own.path.lastIndexOf('/'));
    return letOut(own, parent.slice(0, parent.lastIndexOf('/'))).andThen(() => removeDirs([own], [parent], removalMs));
  }

  #dirs(): readonly GroupDir[] {
    const { name, section, host } = this.#container;
    return containerDirs(name, section, host());
  }

  /** @param suffix - tells containers of one name apart, which only those without groups can have */
  #makeOwn(suffix: string): ResultAsync<GroupDir, HacoError> {
    if (this.#own !== undefined) return okAsync(this.#own);
    const { name, host } = this.#container;
    const place = freezerPlace(host());
    if (place === undefined) {
      return errAsync(
        new UnsupportedError({
          feature: 'cgroup freezer',
          neededFor: 'freeze()',
          since: 'Linux 5.2 with cgroup v2, or a mounted v1 controller freezer',
          remedy: 'mount one with "mount -t cgroup2 none /sys/fs/cgroup/unified", or use kill("SIGSTOP")',
        }),
      );
    }
    const path = joinPath(place.base, `${freezerPath(name)}${suffix}`);
    return makeBelow(joinPath(place.base, sharedParent), path).asyncAndThen(() => {
      const controllers = place.version === 1 ? ['freezer'] : [];
      this.#own = { version: place.version, path, controllers };
      return okAsync(this.#own);
    });
  }
}

/** Who was sent in outlives a container that has no pid namespace to end with: it goes on outside. */
function letOut(own: GroupDir, outside: string): ResultAsync<void, HacoError> {
  const left = treePidsOf([own]);
  const freezer = left.length === 0 ? undefined : freezerOf([own]);
  for (const pid of left) writeNow(`${outside}/cgroup.procs`, String(pid)).unwrapOr(undefined);
  if (freezer === undefined) return okAsync(undefined);
  // What v1 has frozen can't be moved out before.
  writeNow(`${freezer.path}/${freezer.file}`, freezer.values.thawed).unwrapOr(undefined);
  for (const pid of treePidsOf([own])) writeNow(`${outside}/cgroup.procs`, String(pid)).unwrapOr(undefined);
  return okAsync(undefined);
}

/**
 * Without a group, a container is what descends from its first process, from others in its pid namespace (who was sent in has no
 * ancestor there), and from those that the caller knows.
 */
function membersWithoutGroup(pid: number, joined: readonly number[]): readonly number[] {
  return [...new Set([pid, ...pidNamespaceMembers(pid), ...joined].flatMap(processTree))];
}

/**
 * Put all processes into a frozen group. The group is frozen before they come, so each stops forking as it enters; what those that
 * hadn't entered yet have forked meanwhile is found by looking again, until nobody new is there.
 */
async function gather(own: GroupDir, members: () => readonly number[]): Promise<Result<void, HacoError>> {
  const freezer = freezerOf([own]);
  if (freezer !== undefined) {
    const frozen = await writeText(`${freezer.path}/${freezer.file}`, freezer.values.frozen);
    if (frozen.isErr()) return err(frozen.error);
  }
  const moved = new Set(treePidsOf([own]));
  for (;;) {
    const next = members().filter((pid) => !moved.has(pid));
    if (next.length === 0) return ok(undefined);
    for (const pid of next) {
      moved.add(pid);
      const entered = await writeText(`${own.path}/cgroup.procs`, String(pid), { stepId: 'cgroups.join' });
      // It ended meanwhile.
      if (entered.isErr() && !(entered.error.kind === 'syscall' && entered.error.errno === 'ESRCH')) {
        return err(entered.error);
      }
    }
  }
}
