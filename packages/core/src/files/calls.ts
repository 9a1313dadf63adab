/** System calls relative to a directory that Node has no functions for. Each gives 0 or more, or a negative errno. */
import { rawSyscall, syscallNumbers } from '@haco/sys';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_NO_SYMLINKS = 0x04;
const RESOLVE_BENEATH = 0x08;
const O_CLOEXEC = 0o2000000;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** A name in a directory; bytes, because names need not be text. */
export type Name = string | Uint8Array;

function terminated(name: Name): Buffer {
  return Buffer.concat([Buffer.from(name as string), Buffer.of(0)]);
}

/** mkdirat(2). */
export function makeDirectoryAt(directory: number, name: Name, mode: number): number {
  return rawSyscall(numbers.mkdirat, directory, terminated(name), mode);
}

/** unlinkat(2). */
export function unlinkAt(directory: number, name: Name, isDirectory: boolean): number {
  return rawSyscall(numbers.unlinkat, directory, terminated(name), isDirectory ? AT_REMOVEDIR : 0);
}

/** symlinkat(2). */
export function linkAt(target: string, directory: number, name: Name): number {
  return rawSyscall(numbers.symlinkat, terminated(target), directory, terminated(name));
}

/** fchownat(2) of a link itself; -1 leaves an id as it is. */
export function giveLink(directory: number, name: Name, uid: number, gid: number): number {
  return rawSyscall(numbers.fchownat, directory, terminated(name), uid, gid, AT_SYMLINK_NOFOLLOW);
}

/** readlinkat(2) with an empty path: where the link leads that the descriptor (O_PATH) names. */
export function readLink(fd: number): Buffer | undefined {
  const target = Buffer.alloc(4096);
  const length = rawSyscall(numbers.readlinkat, fd, Buffer.of(0), target, target.length);
  return length < 0 ? undefined : target.subarray(0, length);
}

/** An entry of a directory itself: not through a link, and (`sameMount`) not into another filesystem. */
export function openEntry(
  directory: number,
  name: Name,
  flags: number,
  { sameMount, mode = 0 }: { readonly sameMount: boolean; readonly mode?: number },
): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  // With O_PATH | O_NOFOLLOW a link itself is opened; RESOLVE_NO_SYMLINKS would refuse even that.
  const links = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  how.writeBigUInt64LE(BigInt(links | (sameMount ? RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS : 0)), 16);
  return rawSyscall(numbers.openat2, directory, terminated(name), how, how.length);
}
