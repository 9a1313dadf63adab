/** Make a group: in every hierarchy, with its limits, or not at all. */
import { noFacts, PermissionError, UnsupportedError, type HacoError, type HostFacts } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, errAsync, ok, okAsync, type Result, type ResultAsync } from 'neverthrow';
import { checkSection } from '../check.js';
import { enforceable } from '../degrade.js';
import { sharedParent } from '../hierarchy.js';
import { commonNameOf, v1NameOf } from '../locate.js';
import type { CgroupsSection } from '../section.js';
import type { Setting } from '../settings.js';
import { basesFor, joinPath, ownDirs, type Base } from './group-dir.js';
import { Group } from './group.js';
import { newSection } from './limits.js';
import { createChecks, createDirs, taken, type CreateOptions } from './make-dirs.js';
import { claim } from './name-claim.js';
import { takenBeside } from './name-taken.js';
import { elsewhere, isOneOf, isPid, isText, readOptions, type Checks } from './options.js';
import { createScope } from './systemd/scope.js';

/** A new group. */
export interface CreateGroupOptions extends CreateOptions {
  /** 1 to 63 of `A-Z a-z 0-9 _ . -`. Two groups of one name are a `conflict`. */
  readonly name: string;
  /**
   * `cgroupfs`, the default: below `haco` in the caller's own group. `systemd`: a transient scope with `Delegate=yes`, which
   * systemd knows and shows; needs `pid`.
   */
  readonly driver?: 'cgroupfs' | 'systemd';
  /** First process of the group. A systemd scope lives as long as there are processes in it, so it needs one. */
  readonly pid?: number;
  /** With the systemd driver: the slice that the scope is made in, e.g. `machine.slice`. */
  readonly slice?: string;
}

/** What is counted and can be limited later, when nobody says otherwise. */
const usualControllers = ['cpu', 'cpuacct', 'memory', 'pids', 'io', 'freezer'];

function checks(): Checks<CreateGroupOptions> {
  return {
    name: elsewhere,
    driver: isOneOf(['cgroupfs', 'systemd']),
    pid: isPid,
    slice: isText,
    ...createChecks(),
  };
}

/** What this host can't do, before anything is tried. */
function checkLimits(section: CgroupsSection, moveSelfToLeaf: boolean, host: HostFacts): Result<void, HacoError> {
  const [first] = checkSection(section, { host, facts: noFacts }).filter(
    // Whether processes are in the way is found out by trying, and then told with its remedy.
    ({ kind, step }) => !(kind === 'permission' && step === 'cgroups.create.v2' && moveSelfToLeaf),
  );
  if (first === undefined) return ok(undefined);
  const { message: sentence } = first;
  const unused = { remedy: '', sentence };
  return err(
    first.kind === 'permission'
      ? new PermissionError({ what: first.step, missing: '', ...unused })
      : new UnsupportedError({ feature: first.step, neededFor: 'the group', since: '', ...unused }),
  );
}

/** systemd makes groups where it likes, and hands controllers down itself: what this process may do in its own group is no matter. */
function asSystemdDoes(host: HostFacts): HostFacts {
  const { v2, ...others } = host.cgroups;
  if (v2 === undefined) return host;
  return { ...host, cgroups: { ...others, v2: { ...v2, writable: true, subtreeControl: v2.controllers } } };
}

/** The places in which a group with these limits is made: where its limits need it, and where it is only counted. */
function placesFor(settings: readonly Setting[], extra: readonly string[], host: HostFacts): readonly Base[] {
  const needed = settings.map(({ controller }) => controller);
  const { v1, v2 } = host.cgroups;
  const known = (name: string): boolean => Object.hasOwn(v1, v1NameOf(name)) || v2?.controllers.includes(name) === true;
  const wanted = [...new Set([...needed, ...extra.map(commonNameOf).filter(known)])];
  const bases = basesFor(wanted, host);
  // Every v2 hierarchy can kill, freeze, tell when a group is empty and measure pressure, also without controllers.
  const plain = ownDirs(host).filter(({ version }) => version === 2 && !bases.some((base) => base.version === 2));
  return [...bases, ...plain.map((base) => ({ ...base, controllers: [] }))];
}

/**
 * Make a group and set its limits. It has no processes yet, unless `pid` names one. Whatever fails, nothing stays behind.
 *
 * Fails with `invalid-spec` (every problem with its path), `unsupported` (the host lacks the controller), `permission` (read-only
 * or not delegated), `conflict` (the name is taken), `state` (processes are in the way, see `moveSelfToLeaf`) or `syscall`.
 *
 * @example
 * ```ts
 * import { createGroup, orThrow } from '@haco/cgroups';
 * const group = await orThrow(createGroup({ name: 'build', cpu: 50, memory: '1GiB', pids: 100 }));
 * await orThrow(group.add(process.pid));
 * ```
 *
 * @see cgroups(7)
 */
export function createGroup(options: CreateGroupOptions): ResultAsync<Group, HacoError> {
  return readOptions(options, checks()).asyncAndThen(makeGroup);
}

function makeGroup(options: CreateGroupOptions): ResultAsync<Group, HacoError> {
  const { name, moveSelfToLeaf = false, controllers = usualControllers, pid } = options;
  const real = probeHost();
  const host = options.driver === 'systemd' ? asSystemdDoes(real) : real;
  return newSection(options, name)
    .andThen((section) => checkLimits(section, moveSelfToLeaf, host).map(() => section))
    .asyncAndThen((section) => {
      const asked = { ...enforceable(section, host), mayRefuse: section.degrade ?? [] };
      if (options.driver === 'systemd') return createScope(options, asked);
      const places = placesFor(asked.settings, controllers, host);
      const bases = places.map(({ path }) => path);
      const claimed = claim(name, host);
      if (claimed === undefined) return errAsync(taken(joinPath(bases[0] ?? '', sharedParent, name)));
      return claimed.during(() => {
        const holder = takenBeside(name, bases, host);
        if (holder !== undefined) return errAsync(taken(holder));
        const parents = places.map(({ path }) => joinPath(path, sharedParent));
        return createDirs(name, asked, places, moveSelfToLeaf)
          .map((made) => new Group({ name, ...made, parents }))
          .andThen((group) => (pid === undefined ? okAsync(group) : fill(group, pid)));
      });
    });
}

/** Its first process, or no group. */
function fill(group: Group, pid: number): ResultAsync<Group, HacoError> {
  return group
    .add(pid)
    .map(() => group)
    .orElse((error) =>
      group
        .remove()
        .andThen(() => errAsync(error))
        .orElse(() => errAsync(error)),
    );
}
