/** Output of a container as text: small output of a short run is read at the end, the rest while it comes. */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { libc } from '@haco/sys';
import { closeQuietly } from './descriptors.js';

const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
/**
 * A pipe holds 64 KiB, so a run that ends sooner than this needs no event source: making one costs more than the read. One that
 * has written nothing by then is given the second time as well.
 */
const patienceMs = [4, 12] as const;
/** How long orphans that hold the pipe open may go on after the container has ended. */
const orphanMs = 250;
const chunkSize = 65_536;
/** One for all reads, which are synchronous: what was read is copied out, most of it is small. */
const scratch = Buffer.allocUnsafeSlow(chunkSize);

/** What several captures may take together. */
export class Budget {
  private left: number;

  constructor(
    limit: number,
    private readonly exceeded: () => void,
  ) {
    this.left = limit;
  }

  /** How many of these bytes may be kept. */
  take(bytes: number): number {
    const granted = Math.min(bytes, this.left);
    this.left -= granted;
    if (granted < bytes) this.exceeded();
    return granted;
  }
}

/** Reads one pipe to its end. */
export class Capture {
  private readonly chunks: Buffer[] = [];
  private socket: Socket | undefined;
  private ended = false;
  private closed = false;
  private onEnd: (() => void) | undefined;
  private timer: NodeJS.Timeout;

  constructor(
    private readonly fd: number,
    private readonly budget: Budget,
  ) {
    // While the container starts, when Node has nothing else to do.
    libc().fcntl(fd, F_SETFL, O_NONBLOCK);
    this.timer = setTimeout(() => this.look(), patienceMs[0]);
  }

  private look(): void {
    if (this.drain()) this.ended = true;
    else if (this.chunks.length > 0) this.attach();
    else this.timer = setTimeout(() => this.attach(), patienceMs[1]);
  }

  private keep(chunk: Buffer): void {
    const granted = this.budget.take(chunk.length);
    if (granted > 0) this.chunks.push(granted === chunk.length ? chunk : chunk.subarray(0, granted));
  }

  private attach(): void {
    if (this.socket !== undefined || this.closed) return;
    this.socket = new Socket({ fd: this.fd, readable: true, writable: false });
    this.socket.on('data', (chunk: Buffer) => this.keep(chunk));
    const end = (): void => {
      this.ended = true;
      this.onEnd?.();
    };
    this.socket.on('end', end).on('error', end).on('close', end);
  }

  /** Read what is there, without waiting. True at the end of the stream. */
  private drain(): boolean {
    for (;;) {
      let length: number;
      try {
        length = readSync(this.fd, scratch, 0, chunkSize, null);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
      }
      if (length === 0) return true;
      this.keep(Buffer.from(scratch.subarray(0, length)));
    }
  }

  /** The container has ended, most likely, and what follows its end takes a while: read what is there meanwhile. */
  readAhead(): void {
    if (this.ended || this.socket !== undefined || !this.drain()) return;
    this.ended = true;
    this.close();
  }

  /** The container has ended: everything that it wrote. */
  async finish(): Promise<string> {
    clearTimeout(this.timer);
    // What the socket has read and not yet told (it tells in a later tick) comes before what is still in the pipe.
    while (this.socket !== undefined && this.socket.read() !== null);
    // Everything that was written before the end is in the pipe by now: only orphans can add to it.
    if (!this.ended && this.drain()) this.ended = true;
    if (!this.ended) {
      this.attach();
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, orphanMs);
        this.onEnd = () => {
          clearTimeout(late);
          resolve();
        };
      });
      // A busy event loop gives timers their turn first.
      if (!this.ended) this.drain();
    }
    this.close();
    return Buffer.concat(this.chunks).toString('utf8');
  }

  /** Forget it: the start failed. */
  close(): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.closed = true;
    if (this.socket === undefined) closeQuietly(this.fd);
    else this.socket.destroy();
  }
}
