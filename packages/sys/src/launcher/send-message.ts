/** One message with descriptors over a socket, sent at once. */
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName } from '../errno.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';
import { Message } from './message.js';

/** Linux takes 253 in one message; nothing here needs more than these. */
const mostDescriptors = 32;

let message: Message | undefined;

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
  message ??= new Message(mostDescriptors);
  if (message.carry(bytes).withDescriptors(descriptors).send(socket)) return ok();
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
