/** Find a group that is there already: by path, by a process in it, or by the name of a container. */
import { NotFoundError, parseName, type HacoError, type HostFacts } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { basesFor, existingDirs, joinPath, ownDirs, type Base, type GroupDir } from './group-dir.js';
import { sharedParent } from '../hierarchy.js';
import { textOf } from './files.js';
import { Group } from './group.js';
import { membership } from './membership.js';
import { elsewhere, invalid, isPid, isText, readOptions, type Check } from './options.js';

/**
 * Which group. A `path` that begins with `/` is a directory; another one is relative to the caller's own group, in every
 * hierarchy in which it exists, e.g. `haco/build`.
 */
export type OpenGroupOptions =
  | { readonly path: string }
  /** Groups of a process. They can only be looked at when this process is in one of them too. */
  | { readonly pid: number }
  /** Groups of a container, or of `createGroup`. */
  | { readonly container: string };

const checks: Readonly<Record<string, Check>> = { path: isText, pid: isPid, container: elsewhere };

function missing(subject: string, remedy: string): HacoError {
  return new NotFoundError({ what: 'control group', subject, remedy });
}

/** All places below which groups may be: the own group, and on v2 also the root when root works from there. */
function allBases(host: HostFacts): readonly Base[] {
  const own = ownDirs(host);
  const other = basesFor(['cpu', 'memory', 'pids'], host).filter(({ path }) => !own.some((base) => base.path === path));
  return [...own, ...other];
}

function below(bases: readonly Base[], path: string): readonly GroupDir[] {
  const dirs = existingDirs(bases.map((base) => ({ ...base, path: joinPath(base.path, path) })));
  return dirs.map(({ version, path: directory, controllers }) => ({ version, path: directory, controllers }));
}

/** Why a group may not be changed: this process is in it, so others that nobody thought of may be too. */
function readOnlyReason(dirs: readonly GroupDir[], host: HostFacts): string | undefined {
  const own = ownDirs(host);
  const holds = dirs.find(({ path }) =>
    own.some(({ path: mine, mountPoint }) => path === mountPoint || mine === path || mine.startsWith(`${path}/`)),
  );
  return holds === undefined ? undefined : `${holds.path} is the group of this process itself, or one above it`;
}

function openPath(path: string, host: HostFacts): Result<readonly GroupDir[], HacoError> {
  if (path.split('/').includes('..')) {
    return err(invalid('path', 'must not contain ..'));
  }
  if (!path.startsWith('/')) return ok(below(allBases(host), path));
  const clean = joinPath(path);
  const base = ownDirs(host).find(({ mountPoint }) => clean === mountPoint || clean.startsWith(`${mountPoint}/`));
  if (base === undefined)
    return err(missing(path, 'no mounted cgroup hierarchy holds that directory; see /proc/mounts'));
  return ok(below([{ ...base, path: clean }], ''));
}

function openPid(pid: number, host: HostFacts): Result<readonly GroupDir[], HacoError> {
  if (textOf(`/proc/${String(pid)}/cgroup`) !== undefined) return ok(existingDirs(membership(pid, ownDirs(host))));
  return err(new NotFoundError({ what: 'process', subject: String(pid), remedy: 'it has ended, or never was' }));
}

function dirsOf(options: OpenGroupOptions, host: HostFacts): Result<readonly GroupDir[], HacoError> {
  if ('path' in options) return openPath(options.path, host);
  if ('pid' in options) return openPid(options.pid, host);
  return parseName(options.container)
    .mapErr((message) => invalid('container', message))
    .map((name) => below(allBases(host), `${sharedParent}/${name}`));
}

/**
 * Find a group that exists. The groups of this process itself, and those above it, can be looked at but not changed.
 *
 * @example
 * ```ts
 * import { openGroup } from '@haco/cgroups';
 * openGroup({ pid: process.pid }).andThen((group) => group.stats()).map((stats) => stats.memory?.currentBytes);
 * ```
 */
export function openGroup(options: OpenGroupOptions): Result<Group, HacoError> {
  return readOptions(options, checks)
    .andThen((read) =>
      ['path', 'pid', 'container'].filter((key) => key in read).length === 1
        ? ok(read)
        : err(invalid('options', 'say which group by one of path, pid, container')),
    )
    .andThen(find);
}

function find(options: OpenGroupOptions): Result<Group, HacoError> {
  const host = probeHost();
  const subject = 'path' in options ? options.path : 'pid' in options ? String(options.pid) : options.container;
  return dirsOf(options, host).andThen((dirs) => {
    const [first] = dirs;
    if (first === undefined) return err(missing(subject, 'no hierarchy has it; create it with createGroup()'));
    const readOnly = readOnlyReason(dirs, host);
    const name = first.path.slice(first.path.lastIndexOf('/') + 1);
    // Removed by its name as `createGroup` would, the common parent goes with the last one.
    const parents = 'container' in options ? dirs.map(({ path }) => path.slice(0, path.lastIndexOf('/'))) : [];
    return ok(new Group({ name, dirs, parents, ...(readOnly === undefined ? {} : { readOnly }) }));
  });
}
