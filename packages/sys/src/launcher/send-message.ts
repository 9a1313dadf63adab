/** One message with descriptors (SCM_RIGHTS) over a socket: see unix(7). */
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName } from '../errno.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;

/** Linux takes 253 in one message; nothing here needs more than these. */
const mostDescriptors = 32;

const header = Buffer.alloc(56);
const vector = Buffer.alloc(16);
const control = Buffer.alloc(16 + mostDescriptors * 4);

/**
 * Send bytes and copies of descriptors at once, without waiting: the other end, and only that, then has them too.
 *
 * @param step - what the message is for, for the error
 */
export function sendMessage(
  socket: number,
  bytes: Uint8Array,
  descriptors: readonly number[],
  step: string,
): Result<void, HacoError> {
  const { addressOf, sendmsg } = libc();
  const length = 16 + descriptors.length * 4;
  vector.writeBigUInt64LE(addressOf(bytes), 0);
  vector.writeBigUInt64LE(BigInt(bytes.length), 8);
  control.writeUInt32LE(length, 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  descriptors.slice(0, mostDescriptors).forEach((fd, index) => control.writeInt32LE(fd, 16 + index * 4));
  header.writeBigUInt64LE(addressOf(vector), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(addressOf(control), 32);
  header.writeUInt32LE(length, 40);
  if (sendmsg(socket, header, MSG_NOSIGNAL | MSG_DONTWAIT) === bytes.length) return ok();
  const errno = errnoName(libc().errno());
  return err(
    new SyscallError({
      step,
      call: `sendmsg(<socket>, ${String(bytes.length)} bytes, ${String(descriptors.length)} descriptors)`,
      syscall: 'sendmsg',
      errno,
      hint: hintFor('sendmsg', errno),
    }),
  );
}
