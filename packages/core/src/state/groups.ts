/** The cgroups of a registered container: noted at its start, so that they can be looked at, and removed, by others. */
import { rmdirSync, statSync } from 'node:fs';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { containerDirs, Group, intendedDirs, openGroup, type CgroupsSection, type GroupDir } from '@haco/cgroups';
import type { HacoError, HostFacts } from '@haco/plan';
import type { ContainerState, OwnedGroup } from './container-state.js';

function inodeOf(path: string): string | undefined {
  try {
    return String(statSync(path, { bigint: true }).ino);
  } catch {
    return undefined;
  }
}

/** Groups as they are now, each with what tells it from a later one of the same path. */
export function noteGroups(dirs: readonly GroupDir[]): readonly OwnedGroup[] {
  return dirs.flatMap(({ version, path }) => {
    const inode = inodeOf(path);
    return inode === undefined ? [] : [{ version, path, inode }];
  });
}

/** The groups that a container will have, before its start. What exists already is somebody else's. */
export function intendedGroups(name: string, section: unknown, host: HostFacts): readonly OwnedGroup[] {
  return intendedDirs(name, (section as CgroupsSection | undefined) ?? {}, host)
    .filter(({ path }) => inodeOf(path) === undefined)
    .map(({ version, path }) => ({ version, path, inode: null }));
}

/** The groups that a container has since its start. */
export function ownGroups(name: string, section: unknown, host: HostFacts): readonly OwnedGroup[] {
  return noteGroups(containerDirs(name, (section as CgroupsSection | undefined) ?? {}, host));
}

/** Whether the directory is the one that was noted. */
function isSame({ path, inode }: OwnedGroup, createdAt: string): boolean {
  if (inode !== null) return inodeOf(path) === inode;
  try {
    // The start was killed before it could note what it made: then it is no older than the start.
    return statSync(path).ctimeMs >= Date.parse(createdAt) - 1000;
  } catch {
    return false;
  }
}

/** Its cgroup; undefined when no limit asked for one. */
export function groupOf({ name, cgroups, createdAt }: ContainerState): Group | undefined {
  const dirs = cgroups
    .filter((one) => !one.path.includes('~') && isSame(one, createdAt))
    .flatMap(({ path }) =>
      openGroup({ path }).match(
        (group) => [...group.dirs],
        () => [],
      ),
    );
  return dirs.length === 0 ? undefined : new Group({ name, dirs });
}

/** Kill what is left in the groups of a container, and remove them. Errors: `syscall`, `timeout`, `permission`. */
export function removeGroups({ cgroups, createdAt }: ContainerState): ResultAsync<void, HacoError> {
  const all = async (): Promise<Result<void, HacoError>> => {
    // What is frozen doesn't die by the kills of its other groups.
    const frozenFirst = [...cgroups].sort((a, b) => Number(b.path.includes('~')) - Number(a.path.includes('~')));
    for (const one of frozenFirst) {
      if (!isSame(one, createdAt)) continue;
      const group = openGroup({ path: one.path });
      // Gone since: what was wanted.
      if (group.isErr()) continue;
      const removed = await group.value.remove({ kill: true });
      if (removed.isErr()) return err(removed.error);
      removeSharedParent(one.path);
    }
    return ok(undefined);
  };
  return new ResultAsync(all());
}

/** The last one takes the parent of all with it, as its launcher would have done. */
function removeSharedParent(path: string): void {
  const parent = path.slice(0, path.lastIndexOf('/'));
  if (!parent.endsWith('/haco')) return;
  try {
    rmdirSync(parent);
  } catch {
    // Others live in it.
  }
}
