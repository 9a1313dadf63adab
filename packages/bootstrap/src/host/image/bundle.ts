/** An archive that holds the files of an image: read once for where each lies, then by position. */
import { createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatBytes, IoError } from '@haco/plan';
import { extract } from 'tar-stream';
import { compressionOf, openArchive } from '../compression.js';
import { cancelled, isHacoError } from '../failure.js';
import type { Blob } from './blob.js';
import type { ImageFiles, Opened } from './from-files.js';

/** No image has as many files of its own: they are documents and layers. */
const mostFiles = 10_000;

interface Place {
  readonly offset: number;
  readonly size: number;
}

export class Bundle implements ImageFiles {
  readonly name: string;
  readonly #file: FileHandle;
  readonly #places: ReadonlyMap<string, Place | string>;

  private constructor(name: string, file: FileHandle, places: ReadonlyMap<string, Place | string>) {
    this.name = name;
    this.#file = file;
    this.#places = places;
  }

  static async open(path: string, { scratch, largest, signal }: Opened): Promise<Bundle> {
    let file = await open(path, 'r');
    try {
      const head = Buffer.alloc(6);
      await file.read(head, 0, head.length, 0);
      if (compressionOf(head) !== 'none') {
        const plain = join(scratch, 'image.tar');
        const input = await openArchive(path, { signal, target: path });
        const limit = atMost(largest, path);
        await pipeline(input, limit, createWriteStream(plain), signal === undefined ? {} : { signal });
        await file.close();
        file = await open(plain, 'r');
      }
      return new Bundle(path, file, await scan(file, path, signal));
    } catch (thrown) {
      await file.close();
      if (signal?.aborted === true) throw cancelled(path);
      if (isHacoError(thrown) || (thrown instanceof Error && 'errno' in thrown)) throw thrown;
      const said = thrown instanceof Error ? thrown.message : String(thrown);
      throw new IoError({
        what: 'read the image',
        path,
        errno: '',
        hint: `it is no archive, or a damaged one: ${said}`,
      });
    }
  }

  readonly open = async (path: string): Promise<Blob | undefined> => {
    let place = this.#places.get(posix.normalize(path));
    // Old versions of Docker write a layer that occurs twice as a link to the first.
    if (typeof place === 'string') place = this.#places.get(posix.join(posix.dirname(posix.normalize(path)), place));
    if (place === undefined || typeof place === 'string') return undefined;
    // A descriptor of its own, which its user closes.
    const file = await open(`/proc/self/fd/${String(this.#file.fd)}`, 'r');
    return { file, ...place };
  };

  readonly close = async (): Promise<void> => {
    await this.#file.close();
  };
}

/** Fails when more comes. */
function atMost(largest: number, path: string): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      if (total <= largest) return done(null, chunk);
      const hint = `it unpacks to more than ${formatBytes(largest)}; raise limits.size if you trust it`;
      done(new IoError({ what: 'unpack', path, errno: '', hint }));
    },
  });
}

async function scan(
  file: FileHandle,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Place | string>> {
  const places = new Map<string, Place | string>();
  const tar = extract();
  tar.on('entry', (header, body, next) => {
    const { byteOffset = 0 } = header as { readonly byteOffset?: number };
    if (header.type === 'file')
      places.set(posix.normalize(header.name), { offset: byteOffset, size: header.size ?? 0 });
    if (header.type === 'symlink') places.set(posix.normalize(header.name), header.linkname ?? '');
    // An archive that is cut off fails as a whole; the same error of this entry would be nobody's, and end the program.
    body.on('error', () => undefined).resume();
    const hint = `it has more than ${String(mostFiles)} files, which no image has`;
    next(places.size > mostFiles ? new IoError({ what: 'read the image', path, errno: '', hint }) : undefined);
  });
  const input = file.createReadStream({ start: 0, autoClose: false, highWaterMark: 512 * 1024 });
  await pipeline(input, tar as unknown as NodeJS.WritableStream, signal === undefined ? {} : { signal });
  return places;
}
