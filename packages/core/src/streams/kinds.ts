/** What a stream is; apart, as node:stream takes long to load and few containers are given one. */
import { Readable, Writable } from 'node:stream';

/** Whether it can be read from. */
export function isReadable(given: unknown): given is Readable {
  return given instanceof Readable;
}

/** Whether it can be written to. */
export function isWritable(given: unknown): given is Writable {
  return given instanceof Writable;
}
