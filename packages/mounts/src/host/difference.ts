/** What is different between an entry of the upper layer and the one below. */
import type { Stats } from 'node:fs';
import { readlink, type FileHandle } from 'node:fs/promises';
import type { Directory, RawName } from './entry.js';
import { readXattr } from './xattr.js';

/** Types of files. */
export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character-device' | 'block-device';

/** In what two entries of one name differ. Times don't count. */
export type Aspect = 'type' | 'content' | 'target' | 'device' | 'mode' | 'owner' | 'capabilities';

export function typeOf(stats: Stats): FileType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() ? 'character-device' : 'block-device';
}

/** An entry: where, under which name, what. */
export interface Entry {
  readonly directory: Directory;
  readonly name: RawName;
  readonly stats: Stats;
}

async function fill(file: FileHandle, buffer: Buffer): Promise<Buffer> {
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
  }
}

async function sameContent(one: Entry, other: Entry): Promise<boolean> {
  if (one.stats.size !== other.stats.size) return false;
  const a = await one.directory.read(one.name);
  try {
    const b = await other.directory.read(other.name);
    try {
      const [left, right] = [Buffer.alloc(1 << 18), Buffer.alloc(1 << 18)];
      for (;;) {
        const [mine, theirs] = [await fill(a, left), await fill(b, right)];
        if (!mine.equals(theirs)) return false;
        if (mine.length === 0) return true;
      }
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

function capabilitiesOf({ directory, name }: Entry): string | undefined {
  return readXattr(directory.at(name), 'security.capability')?.toString('hex');
}

async function ownAspect(upper: Entry, lower: Entry): Promise<Aspect | undefined> {
  const type = typeOf(upper.stats);
  if (type !== typeOf(lower.stats)) return 'type';
  if (type === 'file') return (await sameContent(upper, lower)) ? undefined : 'content';
  if (type === 'symlink') {
    const [mine, theirs] = await Promise.all(
      [upper, lower].map(({ directory, name }) => readlink(directory.at(name), 'latin1')),
    );
    return mine === theirs ? undefined : 'target';
  }
  return type.endsWith('-device') && upper.stats.rdev !== lower.stats.rdev ? 'device' : undefined;
}

/** Everything in which two entries of one name differ. */
export async function aspectsOf(upper: Entry, lower: Entry): Promise<readonly Aspect[]> {
  const own = await ownAspect(upper, lower);
  // Nothing of what was there is left that could be compared.
  if (own === 'type') return [own];
  const [a, b] = [upper.stats, lower.stats];
  return [
    ...(own === undefined ? [] : [own]),
    ...(!a.isSymbolicLink() && (a.mode & 0o7777) !== (b.mode & 0o7777) ? (['mode'] as const) : []),
    ...(a.uid !== b.uid || a.gid !== b.gid ? (['owner'] as const) : []),
    ...(a.isFile() && b.isFile() && capabilitiesOf(upper) !== capabilitiesOf(lower) ? (['capabilities'] as const) : []),
  ];
}
