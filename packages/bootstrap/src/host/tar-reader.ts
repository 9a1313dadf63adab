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
  /** Extended attributes by name, their values as bytes. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** What an entry holds. Reading what is broken already throws, as it does when it breaks meanwhile. */
export type Body = AsyncIterable<Buffer> & Pick<Readable, 'resume'>;

/** Called for each entry, one after the other; the body must be read to its end. */
export type OnEntry = (header: Headers, body: Body) => Promise<void>;

/** A stream to write an uncompressed archive to; `settled` waits for the entry that is being worked on. */
export function tarReader(onEntry: OnEntry): { readonly stream: Writable; readonly settled: () => Promise<void> } {
  let last = Promise.resolve();
  // Names other than those in pax headers come as latin1: each character is a byte of the name.
  const options = { filenameEncoding: 'latin1', allowUnknownFormat: true };
  const tar = extract(options as Parameters<typeof extract>[0]);
  const takeXattrs = xattrReader(tar);
  tar.on('entry', (header, body, next) => {
    last = onEntry(
      { ...(header as Omit<Headers, 'xattrs'>), xattrs: takeXattrs() },
      bodyOf(body as unknown as Readable),
    );
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

/**
 * An archive that breaks breaks the body of its entry, too: before anybody has begun to read that, its error would be nobody's, which
 * ends the whole program, and whoever begins afterwards would wait forever.
 */
function bodyOf(stream: Readable): Body {
  let broken: unknown = new Error('the archive was closed');
  stream.on('error', (error) => (broken = error));
  return {
    [Symbol.asyncIterator]: () => {
      if (stream.destroyed) throw broken;
      return stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    },
    resume: () => stream.resume(),
  };
}

const none: ReadonlyMap<string, Buffer> = new Map();

/**
 * tar-stream decodes values of pax headers as UTF-8, which destroys those of attributes: they are bytes. So its header reader is
 * listened to; should it be called otherwise one day, the tests of attributes fail.
 */
function xattrReader(tar: ReturnType<typeof extract>): () => ReadonlyMap<string, Buffer> {
  let found = none;
  const inner = tar as unknown as {
    _header: { type: string };
    _decodeLongHeader: (bytes: Uint8Array) => void;
  };
  const decode = inner._decodeLongHeader.bind(tar);
  inner._decodeLongHeader = (bytes) => {
    if (inner._header.type === 'pax-header')
      found = xattrsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    decode(bytes);
  };
  return () => {
    const taken = found;
    found = none;
    return taken;
  };
}

/** The records `length SCHILY.xattr.name=value` of a pax header; see pax(1) for their form. */
export function xattrsOf(header: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < header.length;) {
    const blank = header.indexOf(0x20, at);
    const length = blank < 0 ? NaN : Number(header.toString('latin1', at, blank));
    if (!Number.isSafeInteger(length) || length <= blank - at || at + length > header.length) return found;
    const equals = header.indexOf(0x3d, blank);
    const name = /^SCHILY\.xattr\.(.+)$/s.exec(header.toString('latin1', blank + 1, Math.max(equals, blank + 1)));
    if (name?.[1] !== undefined && equals < at + length)
      found.set(name[1], header.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return found;
}
