/** Node's end of a container's terminal. */
import { writeSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, libc } from '@haco/sys';
import { closeQuietly } from './descriptors.js';

const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const F_DUPFD_CLOEXEC = 1030;
const F_SETFL = 4;
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const TIOCSWINSZ = 0x5414;

/**
 * Take the descriptor that the container's first process has sent over this socket; see unix(7), SCM_RIGHTS.
 *
 * @param step - what it is for, for the error
 */
export function receiveDescriptor(
  socket: number,
  step = "take over the container's terminal",
): Result<number, HacoError> {
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
      step,
      call: 'recvmsg(MSG_DONTWAIT|MSG_CMSG_CLOEXEC)',
      syscall: 'recvmsg',
      errno,
      hint: hintFor('recvmsg', errno),
    }),
  );
}

/** How long to wait before a terminal that takes no more is asked again: nothing tells Node when it does. */
const fullMs = 5;

/**
 * What is typed. Written without waiting, unlike Node's own terminal streams: a container that doesn't read must not stop the
 * event loop, which would also stop the reading of what it echoes.
 */
class TerminalInput extends Writable {
  constructor(private readonly fd: number) {
    super({ decodeStrings: true });
    // The last user may go at any time; its exit code says what became of it.
    this.on('error', () => undefined);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.destroyed) {
      done();
      return;
    }
    let written = 0;
    try {
      written = writeSync(this.fd, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        done(error as Error);
        return;
      }
    }
    if (written === chunk.length) done();
    else setTimeout(() => this._write(chunk.subarray(written), 'buffer' as BufferEncoding, done), fullMs);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    closeQuietly(this.fd);
    done(error);
  }
}

/** What the terminal shows, with back-pressure; it ends when the last user of the terminal has gone. */
class TerminalOutput extends Readable {
  private readonly source: ReadStream;

  constructor(fd: number) {
    super();
    this.source = new ReadStream(fd);
    this.source.on('data', (chunk) => {
      if (!this.push(chunk)) this.source.pause();
    });
    const end = (): void => {
      if (!this.readableEnded && !this.destroyed) this.push(null);
    };
    // EIO is how a terminal says that its last user has gone; see pty(7).
    this.source.on('error', () => this.source.destroy());
    this.source.once('end', end).once('close', end);
    this.source.pause();
  }

  override _read(): void {
    this.source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.source.destroy();
    done(error);
  }
}

/** The master side as two streams, and its size. */
export class Terminal {
  readonly input: Writable;
  readonly output: Readable;
  private readonly control: number;
  private closed = false;

  constructor(master: number) {
    const c = libc();
    // Each stream closes its own descriptor; all three share one description, and with it O_NONBLOCK.
    this.control = c.fcntl(master, F_DUPFD_CLOEXEC, 3);
    this.input = new TerminalInput(c.fcntl(master, F_DUPFD_CLOEXEC, 3));
    this.output = new TerminalOutput(master);
    c.fcntl(this.control, F_SETFL, O_RDWR | O_NONBLOCK);
  }

  /** Set the window size in characters; the foreground process gets SIGWINCH. */
  resize(columns: number, rows: number): void {
    if (this.closed) return;
    const size = Buffer.alloc(8);
    size.writeUInt16LE(rows, 0);
    size.writeUInt16LE(columns, 2);
    libc().ioctl(this.control, TIOCSWINSZ, size);
  }

  /** Close the master; whoever has the terminal as its controlling one gets SIGHUP. Closing again does nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.input.destroy();
    this.output.destroy();
    closeQuietly(this.control);
  }
}
