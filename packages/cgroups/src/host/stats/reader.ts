/** The files of a group, kept open: reading one again is one pread(2) into a buffer that all share. */
import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../files.js';
import { forget, opened, releaseOldest, touch, type Holder } from './descriptors.js';

/** Larger than any file that snapshots read: `memory.stat` has about 3 KiB. `io.stat` may be longer, see below. */
let buffer = Buffer.allocUnsafeSlow(16_384);

/** Doesn't exist in this group: not asked for again. */
const missing = -1;

/** Files of one directory. */
export class FileReader implements Holder {
  readonly #fds = new Map<string, number>();
  readonly #directory: string;
  #size = 0;
  /** The group was removed. */
  gone = false;
  /** Some file of it could be opened. */
  found = false;
  /** A file is there and couldn't be opened, because there are too many open ones. */
  failed: { readonly path: string; readonly error: unknown } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** How many files it has open. */
  get size(): number {
    return this.#size;
  }

  /** A snapshot begins. */
  begin(): void {
    this.failed = undefined;
    touch(this);
  }

  /** Content of a file; undefined when the group has no such file, or is gone. */
  readonly read = (file: string): string | undefined => {
    let fd = this.#fds.get(file);
    if (fd === undefined) {
      fd = this.#open(file);
      if (fd === undefined) return undefined;
      this.#fds.set(file, fd);
      if (fd !== missing) {
        this.#size += 1;
        this.found = true;
        opened(this);
      }
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

  /** A descriptor, or `missing`; undefined when this process has no descriptor left, and nobody here has one to give. */
  #open(file: string): number | undefined {
    const path = `${this.#directory}/${file}`;
    for (;;) {
      try {
        return openSync(path, 'r');
      } catch (error) {
        const errno = errnoOf(error);
        if (errno !== 'EMFILE' && errno !== 'ENFILE') return missing;
        if (releaseOldest(this)) continue;
        this.failed ??= { path, error };
        return undefined;
      }
    }
  }

  /** Give the descriptors back: others need them more. */
  readonly release = (): void => {
    const files = this.#size;
    for (const [file, fd] of this.#fds) {
      if (fd === missing) continue;
      closeSync(fd);
      this.#fds.delete(file);
    }
    this.#size = 0;
    // That the group is still there is known only when something of it could be opened again.
    this.found = false;
    forget(this, files);
  };

  /** Give the descriptors back. Reading again opens them again. */
  close(): void {
    this.release();
    this.#fds.clear();
    this.gone = false;
  }
}
