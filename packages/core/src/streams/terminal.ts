/** Node's end of a container's terminal. */
import { closeSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, libc } from '@haco/sys';

const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const F_DUPFD_CLOEXEC = 1030;
const TIOCSWINSZ = 0x5414;

/** Take the descriptor that the container's first process has sent over this socket; see unix(7), SCM_RIGHTS. */
export function receiveDescriptor(socket: number): Result<number, HacoError> {
  const c = libc();
  const byte = Buffer.alloc(1);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(c.addressOf(byte), 0);
  vector.writeBigUInt64LE(1n, 8);
  const control = Buffer.alloc(24);
  const message = Buffer.alloc(56);
  message.writeBigUInt64LE(c.addressOf(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(c.addressOf(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  const received = c.recvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received === 1 && message.readBigUInt64LE(40) >= 20n) return ok(control.readInt32LE(16));
  const errno = received < 0 ? errnoName(c.errno()) : 'EIO';
  return err(
    new SyscallError({
      step: "take over the container's terminal",
      call: 'recvmsg(MSG_DONTWAIT|MSG_CMSG_CLOEXEC)',
      syscall: 'recvmsg',
      errno,
      hint: hintFor('recvmsg', errno),
    }),
  );
}

/** The master side as two streams, and its size. */
export class Terminal {
  readonly input: WriteStream;
  readonly output: ReadStream;
  private readonly control: number;

  constructor(master: number) {
    const c = libc();
    // Each stream closes its own descriptor.
    this.control = c.fcntl(master, F_DUPFD_CLOEXEC, 3);
    this.input = new WriteStream(c.fcntl(master, F_DUPFD_CLOEXEC, 3));
    this.output = new ReadStream(master);
    // EIO is how a terminal says that its last user has gone; see pty(7).
    this.output.on('error', () => this.output.destroy());
    this.input.on('error', () => undefined);
  }

  /** Set the window size in characters; the foreground process gets SIGWINCH. */
  resize(columns: number, rows: number): void {
    const size = Buffer.alloc(8);
    size.writeUInt16LE(rows, 0);
    size.writeUInt16LE(columns, 2);
    libc().ioctl(this.control, TIOCSWINSZ, size);
  }

  close(): void {
    this.input.destroy();
    this.output.destroy();
    closeSync(this.control);
  }
}
