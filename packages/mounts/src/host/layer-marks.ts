/** How overlayfs writes down in its upper layer what is gone: whiteouts and opaque directories, in either family of attributes. */
import type { Stats } from 'node:fs';
import type { Directory, RawName } from './entry.js';
import { readXattr } from './xattr.js';

/** `trusted` by root, `user` where the overlay was mounted in a user namespace (`userxattr`). */
const families = ['trusted.overlay.', 'user.overlay.'] as const;

function mark(path: Uint8Array, name: string): string | undefined {
  for (const family of families) {
    const value = readXattr(path, family + name);
    if (value !== undefined) return value.toString('latin1');
  }
  return undefined;
}

/** Whether an attribute belongs to overlayfs rather than to the file. */
export function isMark(name: string): boolean {
  return families.some((family) => name.startsWith(family));
}

/** Whether this entry says that the one below is gone: a device 0:0, or (since Linux 6.7) an empty file with a mark. */
export function isWhiteout(directory: Directory, name: RawName, stats: Stats): boolean {
  if (stats.isCharacterDevice()) return stats.rdev === 0;
  return stats.isFile() && stats.size === 0 && mark(directory.at(name), 'whiteout') !== undefined;
}

/** Whether nothing of the directory below shows through. `x` only says that it holds whiteouts of the second kind. */
export function isOpaque(directory: Directory, name: RawName): boolean {
  return mark(directory.at(name), 'opaque') === 'y';
}

/** A mark that the layer would only have with other mount options, and that can't be understood without them. */
export function foreignMark(directory: Directory, name: RawName): string | undefined {
  return ['redirect', 'metacopy'].find((each) => mark(directory.at(name), each) !== undefined);
}
