/** The typed diff of a layer: what a container added, changed and removed in the tree below. */
import { UnsupportedError } from '@haco/plan';
import { aspectsOf, typeOf, type Aspect, type Entry, type FileType } from './difference.js';
import { readable, type Directory, type RawName } from './entry.js';
import { foreignMark, isOpaque, isWhiteout } from './layer-marks.js';

/** One change; `path` begins with `/` and is seen from inside. */
export type OverlayChange =
  | { readonly kind: 'added'; readonly path: string; readonly type: FileType }
  | {
      readonly kind: 'modified';
      readonly path: string;
      readonly type: FileType;
      /** In what it differs; with `type` it is something else now. */
      readonly what: readonly Aspect[];
    }
  | {
      readonly kind: 'deleted';
      readonly path: string;
      /** What it was; a directory stands for all that was in it. */
      readonly type: FileType;
    };

function refuseForeign(upper: Directory, name: RawName, path: RawName): void {
  const mark = foreignMark(upper, name);
  if (mark === undefined) return;
  throw new UnsupportedError({
    feature: `reader of overlay.${mark} marks`,
    neededFor: `the entry ${readable(path)} of the layer`,
    since: 'it was written by an overlay that was not mounted by haco',
    remedy: 'use a layer that was only ever kept by chroot(root, { overlay: { keep } })',
  });
}

interface Level {
  readonly upper: Directory;
  /** The directory of the same path below, where there is one. */
  readonly lower: Directory | undefined;
  /** Nothing of `lower` shows through. */
  readonly opaque: boolean;
  /** `''` or `/a/b`. */
  readonly path: RawName;
}

/** What is below and was hidden as a whole, without a whiteout of its own. */
async function* hidden({ lower, path }: Level, upperNames: readonly RawName[]): AsyncGenerator<OverlayChange> {
  if (lower === undefined) return;
  const kept = new Set(upperNames);
  for (const name of await lower.names()) {
    if (kept.has(name)) continue;
    const stats = await lower.look(name);
    if (stats !== undefined) yield { kind: 'deleted', path: readable(`${path}/${name}`), type: typeOf(stats) };
  }
}

async function* inside(upper: Entry, lower: Entry | undefined, path: RawName): AsyncGenerator<OverlayChange> {
  const mine = await upper.directory.enter(upper.name);
  try {
    const theirs = lower?.stats.isDirectory() === true ? await lower.directory.enter(lower.name) : undefined;
    try {
      yield* walkLevel({ upper: mine, lower: theirs, opaque: isOpaque(upper.directory, upper.name), path });
    } finally {
      await theirs?.close();
    }
  } finally {
    await mine.close();
  }
}

async function* walkLevel(level: Level): AsyncGenerator<OverlayChange> {
  const { upper, lower, opaque, path } = level;
  const names = await upper.names();
  if (opaque) yield* hidden(level, names);
  for (const name of names) {
    const stats = await upper.look(name);
    if (stats === undefined) continue;
    const below = await lower?.look(name);
    const at = `${path}/${name}`;
    if (isWhiteout(upper, name, stats)) {
      if (below !== undefined) yield { kind: 'deleted', path: readable(at), type: typeOf(below) };
      continue;
    }
    refuseForeign(upper, name, at);
    const type = typeOf(stats);
    const mine = { directory: upper, name, stats };
    const theirs = lower === undefined || below === undefined ? undefined : { directory: lower, name, stats: below };
    if (theirs === undefined) {
      yield { kind: 'added', path: readable(at), type };
    } else {
      const what = await aspectsOf(mine, theirs);
      if (what.length > 0) yield { kind: 'modified', path: readable(at), type, what };
    }
    if (type === 'directory') yield* inside(mine, theirs, at);
  }
}

/** All changes, a directory before what is in it. */
export function walkChanges(upper: Directory, lower: Directory): AsyncGenerator<OverlayChange> {
  return walkLevel({ upper, lower, opaque: false, path: '' });
}
