/**
 * Writing to the standard streams without Node's stream objects: those make a pipe non-blocking, for everybody who shares it, and a
 * container that inherits it would then fail to write.
 */
import { writeSync } from 'node:fs';

/** How long to wait for a reader that is slow, before it is asked again. */
const fullMs = 5;

/** Write everything. Who reads it may stop: then there is nothing left to do. */
export function writeAll(fd: 1 | 2, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(process.exitCode ?? 0);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullMs);
    }
  }
}
