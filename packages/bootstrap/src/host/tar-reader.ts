/** tar-stream, with names as bytes and the types that its own declarations lack. */
import type { Readable, Writable } from 'node:stream';
import { extract } from 'tar-stream';

/** A header as it stands in the archive: from outside, so nothing in it is certain. */
export interface Headers {
  readonly name: string;
  readonly linkname: string | null;
  /** null: a type that tar-stream doesn't know. */
  readonly type: string | null;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
  readonly devmajor: number;
  readonly devminor: number;
  readonly pax: Readonly<Record<string, string>> | null;
}

/** Called for each entry, one after the other; the body must be read to its end. */
export type OnEntry = (header: Headers, body: Readable) => Promise<void>;

/** A stream to write an uncompressed archive to; `settled` waits for the entry that is being worked on. */
export function tarReader(onEntry: OnEntry): { readonly stream: Writable; readonly settled: () => Promise<void> } {
  let last = Promise.resolve();
  // Names other than those in pax headers come as latin1: each character is a byte of the name.
  const options = { filenameEncoding: 'latin1', allowUnknownFormat: true };
  const tar = extract(options as Parameters<typeof extract>[0]);
  tar.on('entry', (header, body, next) => {
    last = onEntry(header as Headers, body as unknown as Readable);
    last.then(
      () => {
        next();
      },
      (thrown: unknown) => {
        next(thrown instanceof Error ? thrown : new Error(String(thrown)));
      },
    );
  });
  return { stream: tar as unknown as Writable, settled: () => last };
}
