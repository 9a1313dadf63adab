/** Names of one file in a layer become names of one file in the directory below. */
import type { Stats } from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { randomHex } from '@haco/sys';
import type { Directory, RawName } from './entry.js';
import { removeTree } from './remove-tree.js';

/** More names than the file system allows, another file system, or somebody else's file (fs.protected_hardlinks): a copy then. */
const notPossible: readonly unknown[] = ['EMLINK', 'EXDEV', 'EPERM', 'EACCES', 'ENOENT', 'ENOTDIR'];

/** Those of one commit. */
export class HardLinks {
  /** Where the first name of a file went, by the file's number in the layer. */
  private readonly places = new Map<string, readonly RawName[]>();

  /** `root`: where paths begin. */
  constructor(private readonly root: Directory) {}

  private keyOf({ dev, ino }: Stats): string {
    return `${String(dev)}:${String(ino)}`;
  }

  /** Whether it is a further name of a file that was seen before. */
  isKnown(stats: Stats): boolean {
    return stats.nlink > 1 && this.places.has(this.keyOf(stats));
  }

  /** The first name of a file is in its place now. */
  remember(stats: Stats, path: readonly RawName[]): void {
    if (stats.nlink > 1) this.places.set(this.keyOf(stats), path);
  }

  /** Make the name one of the same file; false: it can't be. */
  async join(stats: Stats, target: Directory, name: RawName): Promise<boolean> {
    const path = this.places.get(this.keyOf(stats)) ?? [];
    const made = `.haco-commit-${randomHex(8)}`;
    const entered: Directory[] = [];
    try {
      let directory = this.root;
      for (const each of path.slice(0, -1)) entered.push((directory = await directory.enter(each)));
      const first = path.at(-1) ?? '';
      const [below, there] = [await target.look(name), await directory.look(first)];
      // rename(2) of two names of one file does nothing, and leaves both.
      if (below !== undefined && below.ino === there?.ino && below.dev === there.dev) return true;
      await link(directory.at(first), target.at(made));
      if (below?.isDirectory() === true) await removeTree(target, name);
      await rename(target.at(made), target.at(name));
      return true;
    } catch (thrown) {
      await removeTree(target, made).catch(() => undefined);
      if (thrown instanceof Error && 'code' in thrown && notPossible.includes(thrown.code)) return false;
      throw thrown;
    } finally {
      for (const directory of entered) await directory.close();
    }
  }
}
