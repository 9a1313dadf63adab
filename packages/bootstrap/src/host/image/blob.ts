/** Pieces of a file that hold a document or a layer, verified before anybody looks into them. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { formatBytes, IoError } from '@haco/plan';
import type { Descriptor } from '../../oci/documents.js';
import { cancelled } from '../failure.js';

/** Some bytes of an open file. */
export interface Blob {
  readonly file: FileHandle;
  readonly offset: number;
  readonly size: number;
}

/** More than any manifest or configuration has. */
export const largestDocument = 8 * 1024 * 1024;

/** What a blob is checked against. */
export type Promised = Pick<Descriptor, 'digest' | 'size'>;

/** The bytes, to be read once; the file stays open. */
export function streamOf({ file, offset, size }: Blob, highWaterMark = 512 * 1024): Readable {
  return file.createReadStream({ start: offset, end: offset + Math.max(size, 1) - 1, autoClose: false, highWaterMark });
}

/** Rejects unless size and content are what was promised. `name`: the image, for the error. */
export async function verify(blob: Blob, promised: Promised, name: string, signal?: AbortSignal): Promise<void> {
  if (blob.size !== promised.size) throw wrongSize(name, promised, blob.size);
  const hash = createHash('sha256');
  if (blob.size > 0) {
    for await (const chunk of streamOf(blob, 512 * 1024) as AsyncIterable<Buffer>) {
      if (signal?.aborted === true) throw cancelled(name);
      hash.update(chunk);
    }
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== promised.digest) throw wrongDigest(name, promised, found);
}

/** A document as text. */
export async function readText({ file, offset, size }: Blob): Promise<string> {
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await file.read(bytes, 0, size, offset);
  return bytes.toString('utf8', 0, bytesRead);
}

/** Rejects for documents that are no documents. */
export function checkDocumentSize(name: string, size: number): void {
  if (size <= largestDocument) return;
  const hint = `one of its documents has ${formatBytes(size)}, which is no manifest and no configuration`;
  throw new IoError({ what: 'read the image', path: name, errno: '', hint });
}

export function wrongSize(name: string, { digest, size }: Promised, found: number): IoError {
  const hint = `${digest} has ${String(found)} bytes instead of ${String(size)}; it is damaged or was tampered with`;
  return new IoError({ what: 'read the image', path: name, errno: '', hint });
}

export function wrongDigest(name: string, { digest }: Promised, found: string): IoError {
  const hint = `the content of ${digest} has the digest ${found}; it is damaged or was tampered with`;
  return new IoError({ what: 'read the image', path: name, errno: '', hint });
}
