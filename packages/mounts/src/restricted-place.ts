/** Where a restricted path is, and what there is to do when nothing is there: a container must not be able to make it later. */
import { plain, type Operation } from '@haco/plan';
import { holderOf, mountedBy, mountedFirst, normalize, type Mounted } from './entries/mounted.js';
import { isLayeredHost } from './layer.js';
import { isSelected } from './root/selection.js';
import type { MountsSection } from './section.js';
import type { Situation } from './situation.js';
import { planFind, planOpenTarget } from './target.js';

/**
 * Nothing there: `pass-over`, where nobody can make it or it doesn't matter; `make` an empty directory, where that vanishes with the
 * container; `refuse` to start, where only the host's tree could take one.
 */
type Absent = 'pass-over' | 'make' | 'refuse';

/** A path that is restricted. */
export interface Restricted {
  readonly path: string;
  readonly absent: Absent;
  /** For `make`: the mount that vanishes with the container. */
  readonly throwAway?: string;
}

/** What is done when nothing is there, and only the host's tree could take it. */
type Otherwise = 'pass-over' | 'refuse';

/** The mounts of a container, when all of them are made. */
export interface Holders {
  readonly place: (path: string, otherwise: Otherwise) => Restricted;
  /** The directories above read-only paths that somebody inside could rename, the topmost first. */
  readonly pinned: readonly string[];
  /** Whether only what the container itself mounts can be there: its root is in memory, and has nothing of that name. */
  readonly isOwn: (path: string) => boolean;
}

/** What is below these is the kernel's: nobody makes or renames anything there. */
const ofTheKernel = /^\/(proc|sys)(\/|$)/;

/** `/a/b/c` → `/a`, `/a/b`. */
function directoriesAbove(path: string): readonly string[] {
  const names = normalize(path).slice(1).split('/');
  return names.slice(0, -1).map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

/** Look at all mounts of a section. */
export function holdersOf(section: MountsSection, situation: Situation): Holders {
  const { stubs = false, entries, readonlyPaths = [] } = section;
  const mounted = [
    ...mountedFirst(section, situation),
    ...entries.flatMap((entry) =>
      mountedBy(plain('target' in entry ? { ...entry, target: normalize(entry.target) } : entry), stubs),
    ),
  ].map((mount: Mounted) => plain(mount));
  const isMounted = (path: string): boolean => mounted.some((mount) => mount.path === path);
  const canMove = (path: string): boolean =>
    !stubs && !ofTheKernel.test(path) && !isMounted(path) && holderOf(mounted, path)?.readonly !== true;
  const pinned = [...new Set(readonlyPaths.flatMap(directoriesAbove))]
    .filter(canMove)
    .sort((a, b) => a.length - b.length);
  const layered = isLayeredHost(section, situation);
  return {
    isOwn: (path) =>
      isSelected(section.rootfs) &&
      holderOf(mounted, normalize(path))?.path === '/' &&
      !section.rootfs.only.includes(normalize(path)),
    pinned,
    place: (path, otherwise) => {
      const holder = holderOf(mounted, normalize(path));
      // OCI runtimes pass over what isn't there.
      if (stubs || ofTheKernel.test(path) || holder === undefined || holder.readonly === true) {
        return { path, absent: 'pass-over' };
      }
      // Layers over the host's tree may be missing where they could not be laid.
      if (!holder.throwAway || layered) return { path, absent: otherwise };
      return { path, absent: 'make', throwAway: holder.path };
    },
  };
}

/** From where something is made once directories above are mount points of their own: none is crossed on the way (RESOLVE_NO_XDEV). */
export function belowPins(given: Restricted, { pinned }: Pick<Holders, 'pinned'>): Restricted {
  const restricted = plain(given);
  const above = directoriesAbove(restricted.path);
  const pin = pinned.filter((path) => above.includes(path)).at(-1);
  const { throwAway } = restricted;
  return throwAway === undefined || pin === undefined || pin.length < throwAway.length
    ? restricted
    : { ...restricted, throwAway: pin };
}

/** The same once it must be there. */
export function asFound(restricted: Restricted): Restricted {
  return restricted.absent === 'pass-over' ? restricted : { path: restricted.path, absent: 'refuse' };
}

/** Find a restricted path; `operations` follow when there is something. */
export function findRestricted(
  situation: Situation,
  restricted: Restricted,
  operations: readonly Operation[],
): readonly Operation[] {
  const { path, absent, throwAway } = plain(restricted);
  if (absent === 'pass-over') {
    return [planFind(situation, path, 'mounts.target', { skip: operations.length }), ...operations];
  }
  const target = {
    path: normalize(path),
    like: 'directory',
    ...(throwAway === undefined ? {} : { throwAway }),
  } as const;
  return [...planOpenTarget(situation, target), ...operations];
}
