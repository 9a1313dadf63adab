/** A directory held open, and what is in it: names never lead through a link, nor out of the directory that was looked at. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';

/** Deeper trees are refused: each level is an open directory. */
const mostLevels = 256;

/** A file name as its bytes, one character each (latin1): names need not be UTF-8. */
export type RawName = string;

/** Bytes of a name or path. */
export function raw(name: RawName): Buffer {
  return Buffer.from(name, 'latin1');
}

/** As people read it. */
export function readable(name: RawName): string {
  return raw(name).toString('utf8');
}

/** The tree is deeper than it may be. */
class TooDeep extends Error {
  readonly code = 'ELOOP';
}

/** An open directory. Close it. */
export class Directory {
  private constructor(
    private readonly handle: FileHandle,
    private readonly level: number,
  ) {}

  /** By a path of the caller, whose last part must be a directory itself. */
  static async open(path: string): Promise<Directory> {
    return new Directory(await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW), 0);
  }

  get fd(): number {
    return this.handle.fd;
  }

  /** A path that means this entry whatever happens to the names above it. */
  at(name: RawName): Buffer {
    return raw(`/proc/self/fd/${String(this.handle.fd)}/${name}`);
  }

  /** Names in it, sorted by their bytes. */
  async names(): Promise<readonly RawName[]> {
    const found = await readdir(`/proc/self/fd/${String(this.handle.fd)}`, { encoding: 'latin1' });
    return found.sort();
  }

  /** What is at a name; undefined where nothing is. */
  async look(name: RawName): Promise<Stats | undefined> {
    try {
      return await lstat(this.at(name));
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  stat(): Promise<Stats> {
    return this.handle.stat();
  }

  /** The directory of that name. A link in its place is refused (ENOTDIR). */
  async enter(name: RawName): Promise<Directory> {
    if (this.level >= mostLevels) throw new TooDeep(`directories are nested more than ${String(mostLevels)} deep`);
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new Directory(await open(this.at(name), flags), this.level + 1);
  }

  /** The file of that name, for reading. A link in its place is refused (ELOOP), a fifo doesn't hang. */
  read(name: RawName): Promise<FileHandle> {
    return open(this.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
