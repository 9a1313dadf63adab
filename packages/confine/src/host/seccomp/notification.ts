/** The kernel's questions about system calls, and the answers: structures and calls of seccomp_unotify(2). */
import { closeSync, openSync, readSync } from 'node:fs';
import { IoError, StateError, type HacoError } from '@haco/plan';
import { libc, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import type { SyscallEvent } from '../../seccomp/handler.js';

/** `ioctl` requests: `_IOWR('!', 0, struct seccomp_notif)`, `_IOWR('!', 1, struct seccomp_notif_resp)`, `_IOW('!', 2, __u64)`. */
const requests = { receive: 0xc050_2100, send: 0xc018_2101, isValid: 0x4008_2102 } as const;
const sizes = { notification: 80, response: 24 } as const;
const CONTINUE = 1;
const POLLIN = 1;
const POLLHUP = 16;
const EPERM = 1;

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
let names: ReadonlyMap<number, string> | undefined;

function nameOf(number: number): string {
  names ??= new Map(Object.entries(syscallNumbers[arch]).map(([name, known]) => [known, name]));
  return names.get(number) ?? `syscall_${String(number)}`;
}

/** One question. */
export interface Question extends SyscallEvent {
  readonly id: bigint;
  readonly number: number;
}

/** Whether there is a question, there will never be one again (every process under the filter has ended), or none now. */
export function look(listener: number): 'question' | 'over' | 'nothing' {
  const poll = Buffer.alloc(8);
  poll.writeInt32LE(listener, 0);
  poll.writeInt16LE(POLLIN, 4);
  const none = Buffer.alloc(16);
  rawSyscall(syscallNumbers[arch].ppoll, poll, 1, none, null, 8);
  const events = poll.readInt16LE(6);
  // Receiving without a question would block all of Node on kernels before 6.6.
  return (events & POLLIN) !== 0 ? 'question' : (events & POLLHUP) !== 0 ? 'over' : 'nothing';
}

/** Take the next question; undefined when the one who asked is gone. */
export function receive(listener: number): Question | undefined {
  const bytes = Buffer.alloc(sizes.notification);
  if (libc().ioctl(listener, requests.receive, bytes) < 0) return undefined;
  const id = bytes.readBigUInt64LE(0);
  const number = bytes.readInt32LE(16);
  const arg = (index: number): bigint => bytes.readBigUInt64LE(32 + index * 8);
  const pid = bytes.readUInt32LE(8);
  const name = nameOf(number);
  const isWaiting = (): boolean => {
    const cookie = Buffer.alloc(8);
    cookie.writeBigUInt64LE(id);
    return libc().ioctl(listener, requests.isValid, cookie) === 0;
  };
  const readMemory = (address: bigint, length: number): Result<Buffer, HacoError> =>
    readProcess(pid, address, length).andThen((memory) => (isWaiting() ? ok(memory) : err(gone(name))));
  return {
    id,
    number,
    name,
    pid,
    args: [arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)],
    isWaiting,
    readMemory,
    readText: (address, maxLength = 4096) => readMemory(address, maxLength).map(textIn),
  };
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function gone(name: string): StateError {
  return new StateError({
    what: `read the memory of the caller of ${name}`,
    state: 'it waits no more',
    remedy: 'nobody needs the answer',
  });
}

/** What is there, at most up to the end of the mapping. */
function readProcess(pid: number, address: bigint, length: number): Result<Buffer, HacoError> {
  const path = `/proc/${String(pid)}/mem`;
  const bytes = Buffer.alloc(length);
  let fd = -1;
  try {
    fd = openSync(path, 'r');
    return ok(bytes.subarray(0, readSync(fd, bytes, 0, length, address)));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    const hint = `there is nothing at address 0x${address.toString(16)}, or the process has ended`;
    return err(new IoError({ what: 'read the memory of a process in', path, errno, hint }));
  } finally {
    if (fd !== -1) closeSync(fd);
  }
}

function send(listener: number, id: bigint, fields: { value?: bigint; errno?: number; flags?: number }): void {
  const bytes = Buffer.alloc(sizes.response);
  bytes.writeBigUInt64LE(id, 0);
  bytes.writeBigInt64LE(BigInt.asIntN(64, fields.value ?? 0n), 8);
  bytes.writeInt32LE(-(fields.errno ?? 0), 16);
  bytes.writeUInt32LE(fields.flags ?? 0, 20);
  // ENOENT: whoever asked was killed or interrupted meanwhile, and needs no answer.
  libc().ioctl(listener, requests.send, bytes);
}

export const letHappen = (listener: number, id: bigint): void => send(listener, id, { flags: CONTINUE });
export const returnValue = (listener: number, id: bigint, value: bigint): void => send(listener, id, { value });
export const fail = (listener: number, id: bigint, errno = EPERM): void => send(listener, id, { errno });
