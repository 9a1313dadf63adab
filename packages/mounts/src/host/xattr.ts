/** Extended attributes of an entry itself, links not followed. */
import { errnoName, rawSyscall, syscallNumbers } from '@haco/sys';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];

/** What a call of the kernel returned, as Node would throw it. */
export function demand(result: number, call: string): number {
  if (result >= 0) return result;
  throw Object.assign(new Error(`${call}: ${errnoName(-result)}`), { code: errnoName(-result) });
}

function terminated(path: Uint8Array): Buffer {
  return Buffer.concat([path, Buffer.alloc(1)]);
}

/** The value; undefined when there is none, or the filesystem has no attributes. */
export function readXattr(path: Uint8Array, name: string): Buffer | undefined {
  const value = Buffer.alloc(65_536);
  const result = rawSyscall(numbers.lgetxattr, terminated(path), Buffer.from(`${name}\0`), value, value.length);
  const errno = result < 0 ? errnoName(-result) : '';
  // EPERM, ENOTSUP: attributes of users are for files and directories only.
  if (['ENODATA', 'EOPNOTSUPP', 'ENOTSUP', 'EPERM'].includes(errno)) return undefined;
  return value.subarray(0, demand(result, 'lgetxattr'));
}

/** Names of all that this user may see. */
export function listXattrs(path: Uint8Array): readonly string[] {
  const names = Buffer.alloc(65_536);
  const result = rawSyscall(numbers.llistxattr, terminated(path), names, names.length);
  if (result < 0 && ['EOPNOTSUPP', 'ENOTSUP'].includes(errnoName(-result))) return [];
  return names
    .subarray(0, demand(result, 'llistxattr'))
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '');
}

/** Set one. */
export function writeXattr(path: Uint8Array, name: string, value: Uint8Array): void {
  demand(
    rawSyscall(numbers.lsetxattr, terminated(path), Buffer.from(`${name}\0`), value, value.length, 0),
    'lsetxattr',
  );
}

/** Make a fifo, socket or device node. */
export function makeNode(path: Uint8Array, mode: number, device: number): void {
  demand(rawSyscall(numbers.mknodat, -100, terminated(path), mode, device), 'mknodat');
}
