/** Extended attributes of files that an archive asks for: which may be set, and setting them. */
import { errnoName, rawSyscall, syscallNumbers } from '@haco/sys';
import type { ByteName } from './entry.js';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];

/** An open file, or the path of what isn't opened, e.g. of a symbolic link; the path's last part is never followed. */
export type XattrHolder = number | Buffer;

/** Why an attribute isn't kept, as the end of a sentence; undefined: it may be set. */
export function whyNot(name: ByteName, isRoot: boolean): string | undefined {
  // Overlay file systems believe these: they would show files that aren't in the image, or hide some.
  if (/^(trusted|user)\.overlay\./.test(name)) return 'it could mislead an overlay file system';
  if (name.startsWith('user.') || name.startsWith('system.posix_acl_')) return undefined;
  if (name === 'security.capability') return isRoot ? undefined : 'only root may give files capabilities';
  return 'it belongs to a host, not to an image';
}

/** Set one attribute. Returns an errno, or nothing. */
export function setXattr(holder: XattrHolder, name: ByteName, value: Buffer): string | undefined {
  const call = typeof holder === 'number' ? numbers.fsetxattr : numbers.lsetxattr;
  // A Buffer without bytes may have no address.
  const bytes = value.length === 0 ? Buffer.alloc(1) : value;
  const result = rawSyscall(call, argument(holder), text(Buffer.from(name, 'latin1')), bytes, value.length, 0);
  return result < 0 ? errnoName(-result) : undefined;
}

/** Take away all attributes that {@link whyNot} lets an image set. */
export function clearXattrs(fd: number): void {
  const list = Buffer.alloc(64 * 1024);
  const size = rawSyscall(numbers.flistxattr, fd, list, list.length);
  if (size <= 0) return;
  for (const name of list.toString('latin1', 0, size).split('\0')) {
    if (name === '' || whyNot(name, true) !== undefined) continue;
    rawSyscall(numbers.fremovexattr, fd, text(Buffer.from(name, 'latin1')));
  }
}

const argument = (holder: XattrHolder) => (typeof holder === 'number' ? holder : text(holder));

function text(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.of(0)]);
}
