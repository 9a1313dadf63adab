/** The directory of a name: what is made and removed is so by its name in there. */
import { closeSync, constants } from 'node:fs';
import { err, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { errnoName, openBelow } from '@haco/sys';
import { checkPath, fileError, refuseSettings, withRoot, type FilesRoot } from './root.js';
import { O_PATH } from '../o-path.js';

/** The directory in which the last word of a path is, and that word. */
function splitPath(path: string): readonly [directory: string, name: string] {
  const clean = path.replace(/\/+$/, '');
  const at = clean.lastIndexOf('/');
  return [clean.slice(0, at + 1), clean.slice(at + 1)];
}

/** Do something with the last word of a path in its directory. */
export function inParent<T>(
  root: FilesRoot,
  path: string,
  what: string,
  use: (directory: number, name: string) => Result<T, HacoError>,
): Result<T, HacoError> {
  return checkPath(path).andThen(() => {
    const [directory, name] = splitPath(path);
    if (name === '' || name === '.' || name === '..') {
      return err(new IoError({ what, path, errno: 'EINVAL', hint: 'the path must end with a name' }));
    }
    return withRoot(root, (top) => {
      const parent = openBelow({ root: top, path: directory, flags: O_PATH | constants.O_DIRECTORY });
      if (parent < 0) return err(fileError(what, directory, errnoName(-parent), 'openat2'));
      try {
        // All that is done by name makes or removes something.
        return refuseSettings(parent, path, what).andThen(() => use(parent, name));
      } finally {
        closeSync(parent);
      }
    });
  });
}
