/** A log file that is put aside when it has grown too large; the oldest is removed. */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { formatLine, type LogRecord } from './record.js';
import type { LogSink } from './sink.js';

/** Which file, and how much of it. */
export interface RotatedFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** The current one included. */
  readonly files: number;
}

const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC } = constants;

/** Writes at once: a line is in the file before the container can have written the next one, and nothing piles up in memory. */
export class RotatedFile implements LogSink {
  #fd: number;
  #size: number;
  #lost = 0;
  readonly #options: RotatedFileOptions;

  private constructor(options: RotatedFileOptions, fd: number) {
    this.#options = options;
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
  }

  /** Open, or go on with what is there. Errors: `io`. */
  static open(options: RotatedFileOptions): Result<RotatedFile, HacoError> {
    try {
      return ok(new RotatedFile(options, openSync(options.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)));
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      const hint = errno === 'ENOENT' ? 'make its directory first' : hintFor('openat', errno);
      return err(new IoError({ what: 'open the log', path: options.path, errno, hint }));
    }
  }

  write(stream: LogRecord['stream'], line: Buffer, partial: boolean): void {
    const time = new Date().toISOString();
    if (
      this.#lost > 0 &&
      this.#append(time, 'stderr', Buffer.from(`haco: ${String(this.#lost)} lines were lost here`), false)
    ) {
      this.#lost = 0;
    }
    if (!this.#append(time, stream, line, partial)) this.#lost += 1;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** False: there is no room, or no such file any more. */
  #append(time: string, stream: LogRecord['stream'], line: Buffer, partial: boolean): boolean {
    const bytes = Buffer.concat([Buffer.from(formatLine(time, stream, partial)), line, Buffer.from('\n')]);
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) this.#rotate();
      let at = 0;
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at);
      this.#size += bytes.length;
      return true;
    } catch {
      // ENOSPC above all: the container must not end because of its output.
      return false;
    }
  }

  #rotate(): void {
    const { path, files } = this.#options;
    const flags = O_WRONLY | O_CREAT | O_APPEND;
    if (files === 1) {
      closeSync(this.#fd);
      this.#fd = openSync(path, flags | O_TRUNC, 0o600);
    } else {
      for (let n = files - 1; n >= 1; n -= 1) {
        try {
          renameSync(n === 1 ? path : `${path}.${String(n - 1)}`, `${path}.${String(n)}`);
        } catch {
          // There are not so many yet.
        }
      }
      const fd = openSync(path, flags, 0o600);
      closeSync(this.#fd);
      this.#fd = fd;
    }
    this.#size = fstatSync(this.#fd).size;
  }
}
