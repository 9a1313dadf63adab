/** Making something as somebody of the container, where the kernel lets nobody else: in filesystems of its user namespace. */
import { fstatSync } from 'node:fs';
import { errnoName, rawSyscall, syscallNumbers } from '@haco/sys';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;

/**
 * `make` gives 0 or more, or a negative errno. A filesystem that the container has mounted refuses owners who don't exist in there
 * (EOVERFLOW), and so does a new file of this process; it is then made with the file system ids
 * of the owner of `directory`, who may.
 *
 * They are changed for this thread alone and only while nothing else runs on it. The kernel then makes the process non-dumpable, as
 * after any change of ids, which is taken back.
 *
 * @see setfsuid(2), user_namespaces(7)
 */
export function makingAsOwner(directory: number, make: () => number): number {
  const made = make();
  if (made >= 0 || errnoName(-made) !== 'EOVERFLOW') return made;
  const { uid, gid } = fstatSync(directory);
  const dumpable = rawSyscall(numbers.prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
  // Each gives the value before, whether it changes anything or not.
  const gidBefore = rawSyscall(numbers.setfsgid, gid);
  const uidBefore = rawSyscall(numbers.setfsuid, uid);
  try {
    return make();
  } finally {
    rawSyscall(numbers.setfsuid, uidBefore);
    rawSyscall(numbers.setfsgid, gidBefore);
    if (dumpable === 1) rawSyscall(numbers.prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
  }
}
