/** The places in a root directory on which CRIU mounts: real directories and files, since CRIU follows every link. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, StateError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, libc, openBelow, rawSyscall, syscallNumbers } from '@haco/sys';
import { O_PATH } from '../o-path.js';
import type { MountPoint } from './image.js';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const S_IFREG = 0o100000;
const ENOENT = -2;

function failed(root: string, target: string, result: number): HacoError {
  const errno = errnoName(-result);
  return new IoError({
    what: 'find the mount point',
    path: `${root}${target}`,
    errno,
    hint: hintFor('openat2', errno),
  });
}

function make(parent: number, name: string, directory: boolean): void {
  const path = Buffer.from(`${name}\0`);
  // What goes wrong is seen when it is opened.
  if (directory) rawSyscall(numbers.mkdirat, parent, path, 0o755);
  else rawSyscall(numbers.mknodat, parent, path, S_IFREG | 0o644, 0);
}

function ensure(root: string, { target, directory }: MountPoint, creates: boolean): Result<void, HacoError> {
  const names = target.split('/').filter((name) => name !== '');
  let at = openSync(root, O_PATH | constants.O_DIRECTORY);
  try {
    for (const [index, name] of names.entries()) {
      const flags = O_PATH | constants.O_NOFOLLOW;
      let next = openBelow({ root: at, path: name, flags });
      if (next === ENOENT && creates) {
        make(at, name, directory || index < names.length - 1);
        next = openBelow({ root: at, path: name, flags });
      }
      if (next < 0) return err(failed(root, target, next));
      libc().close(at);
      at = next;
      if (fstatSync(at).isSymbolicLink()) {
        const way = `/${names.slice(0, index + 1).join('/')}`;
        const state = `${way} in its root directory is a link now, on the way to the mount on ${target}`;
        return err(
          new StateError({ what: 'restore the container', state, remedy: 'give the directory of that moment' }),
        );
      }
    }
    return ok();
  } finally {
    closeSync(at);
  }
}

/**
 * See to it that they are there. Errors: `state`, where a link lies on the way; `io`.
 *
 * @param creates - what is missing is made, as a runtime makes it for a new container
 */
export function ensureMountPoints(
  root: string,
  points: readonly MountPoint[],
  creates: boolean,
): Result<void, HacoError> {
  try {
    for (const point of points) {
      const done = ensure(root, point, creates);
      if (done.isErr()) return done;
    }
    return ok();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'open the root', path: root, errno, hint: hintFor('openat', errno) }));
  }
}
