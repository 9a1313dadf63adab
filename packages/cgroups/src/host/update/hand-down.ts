/** On v2: controllers for limits that nobody asked for when the group was made. */
import type { HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { ok, okAsync, ResultAsync, type Result } from 'neverthrow';
import { sharedParent } from '../../hierarchy.js';
import type { Setting } from '../../settings.js';
import { wordsOf } from '../files.js';
import { existingDirs, hasController, joinPath, type GroupDir } from '../group-dir.js';
import { enableControllers } from '../subtree.js';

/**
 * The groups that hand controllers down to this one, the topmost first: from the one in which `haco` is to its parent. None for groups that
 * aren't below `haco`: what is above those is somebody else's.
 */
function handers(path: string): readonly string[] {
  const { v2 } = probeHost().cgroups;
  if (v2 === undefined) return [];
  const base = [joinPath(v2.mountPoint, v2.ownGroup), v2.mountPoint].find((one) =>
    path.startsWith(`${joinPath(one, sharedParent)}/`),
  );
  if (base === undefined) return [];
  const names = path.slice(base.length + 1).split('/');
  return names.map((_, index) => joinPath(base, ...names.slice(0, index)));
}

/**
 * Give a group what settings need, where one can: on v2, a controller that the groups above have and didn't hand down. It stays handed down
 * when the settings are refused afterwards, which limits nothing. What can't be given is found missing by who writes the settings.
 */
export function handDown(
  dirs: readonly GroupDir[],
  settings: readonly Setting[],
): ResultAsync<readonly GroupDir[], HacoError> {
  const lacks = (all: readonly GroupDir[]): readonly string[] => [
    ...new Set(
      settings
        .map(({ controller }) => controller)
        .filter((controller) => !all.some((dir) => hasController(dir, controller))),
    ),
  ];
  if (lacks(dirs).length === 0) return okAsync(dirs);
  const perform = async (): Promise<Result<readonly GroupDir[], HacoError>> => {
    // Somebody else may have asked for them since.
    const now = existingDirs(dirs);
    const path = now.find(({ version }) => version === 2)?.path;
    const missing = lacks(now);
    if (path === undefined || missing.length === 0) return ok(now.length === 0 ? dirs : now);
    const [top, ...others] = handers(path);
    if (top === undefined) return ok(now);
    const available = wordsOf(`${top}/cgroup.controllers`);
    const names = missing.filter((name) => available.includes(name));
    let done = await enableControllers(top, names, false);
    for (const each of others) done = await done.asyncAndThen(() => enableControllers(each, names, false));
    return done.map(() => existingDirs(now));
  };
  return new ResultAsync(perform());
}
