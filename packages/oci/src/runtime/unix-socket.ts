/** Connections to sockets in the file system, also where the path is longer than an address has room for. */
import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { IoError, type HacoError } from '@haco/core';
import { errnoName, hintFor, libc, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';

const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;

/** A connected socket, the caller's to close. Errors: `io`. */
export function connectTo(path: string, what: string): Result<number, HacoError> {
  const failed = (errno: string): Result<never, HacoError> =>
    err(new IoError({ what, path, errno, hint: hintFor('connect', errno) }));
  let directory: number;
  try {
    directory = openSync(dirname(path), O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    return failed((error as NodeJS.ErrnoException).code ?? '');
  }
  const name = Buffer.from(`/proc/self/fd/${String(directory)}/${basename(path)}\0`);
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const socket = rawSyscall(numbers.socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const connected = socket < 0 ? socket : rawSyscall(numbers.connect, socket, address, address.length);
  closeSync(directory);
  if (connected === 0) return ok(socket);
  if (socket >= 0) libc().close(socket);
  return failed(errnoName(-connected));
}

/** Wait until the other end is closed. */
export function waitForClose(socket: number): void {
  const byte = Buffer.alloc(1);
  const EINTR = -4;
  let result: number;
  do result = rawSyscall(numbers.read, socket, byte, 1);
  while (result > 0 || result === EINTR);
}
