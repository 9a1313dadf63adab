/** The files of a group, kept open: reading one again is one pread(2) into a buffer that all share. */
import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../files.js';

/** Larger than any file that snapshots read: `memory.stat` has about 3 KiB. `io.stat` may be longer, see below. */
let buffer = Buffer.allocUnsafeSlow(16_384);

/** Doesn't exist in this group: not asked for again. */
const missing = -1;

/** Files of one directory. */
export class FileReader {
  readonly #fds = new Map<string, number>();
  readonly #directory: string;
  /** The group was removed. */
  gone = false;
  /** Some file of it could be opened. */
  found = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Content of a file; undefined when the group has no such file, or is gone. */
  readonly read = (file: string): string | undefined => {
    let fd = this.#fds.get(file);
    if (fd === undefined) {
      try {
        fd = openSync(`${this.#directory}/${file}`, 'r');
      } catch (error) {
        const errno = errnoOf(error);
        // More groups than descriptors: those that don't fit are opened again each time, once some are free.
        if (errno !== 'EMFILE' && errno !== 'ENFILE') this.#fds.set(file, missing);
        return undefined;
      }
      this.#fds.set(file, fd);
      this.found = true;
    }
    if (fd === missing) return undefined;
    try {
      for (;;) {
        const length = readSync(fd, buffer, 0, buffer.length, 0);
        if (length < buffer.length) return buffer.toString('latin1', 0, length);
        buffer = Buffer.allocUnsafeSlow(buffer.length * 2);
      }
    } catch (error) {
      // The files of a group that was removed answer ENODEV. EOPNOTSUPP: PSI is switched off.
      if (errnoOf(error) === 'ENODEV') this.gone = true;
      return undefined;
    }
  };

  /** Give the descriptors back. Reading again opens them again. */
  close(): void {
    for (const fd of this.#fds.values()) if (fd !== missing) closeSync(fd);
    this.#fds.clear();
    this.gone = false;
    this.found = false;
  }
}
