/** Acting as the owner of a directory on a filesystem that belongs to a user namespace, with all capabilities. */
import { rawSyscall, syscallNumbers } from '@haco/sys';
import { demand } from './xattr.js';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

function capabilities(): { readonly header: Buffer; readonly data: Buffer } {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(_LINUX_CAPABILITY_VERSION_3, 0);
  const data = Buffer.alloc(24);
  demand(rawSyscall(numbers.capget, header, data), 'capget');
  return { header, data };
}

/**
 * Run a function as somebody else for file systems. Nobody makes a file whose id the owner of the filesystem doesn't have (EOVERFLOW),
 * root of the host neither. Ids for file systems are those of one thread: the function must not leave it, so it must be synchronous.
 *
 * @see setfsuid(2), user_namespaces(7)
 */
export function asOwner<T>({ uid, gid }: { readonly uid: number; readonly gid: number }, act: () => T): T {
  const [ownUid, ownGid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  if (uid === ownUid && gid === ownGid) return act();
  const { header, data } = capabilities();
  const become = (user: number, group: number): void => {
    // They return the id before, whatever happens; what is missing is told by the next call that needs it.
    rawSyscall(numbers.setfsgid, group);
    rawSyscall(numbers.setfsuid, user);
    // With an id that isn't 0 the capabilities about files are gone from the effective set, see capabilities(7).
    demand(rawSyscall(numbers.capset, header, data), 'capset');
  };
  try {
    become(uid, gid);
    return act();
  } finally {
    become(ownUid, ownGid);
  }
}
