/** For tests: writes archives, also ones that no tar program would, and unpacks them as carelessly as one can. */
import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pack } from 'tar-stream';

/** An entry as it is to be written; `body` is for files. */
export interface TestEntry {
  readonly name: string;
  readonly type?: 'file' | 'link' | 'symlink' | 'directory' | 'character-device' | 'fifo';
  readonly linkname?: string;
  readonly body?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: Date;
  readonly devmajor?: number;
  readonly devminor?: number;
  readonly pax?: Readonly<Record<string, string>>;
}

/** The bytes of an uncompressed archive. */
export async function archiveOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { body, ...header } of entries) {
    const content = Buffer.from(body ?? '');
    tar.entry({ mtime: new Date(0), mode: 0o644, ...header, size: content.length }, content);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What an attack relies on: names are joined, symbolic links are followed, nothing is checked. */
export function unpackCarelessly(entries: readonly TestEntry[], target: string): void {
  fs.mkdirSync(target, { recursive: true });
  // As a program does that takes names as they are: absolute ones stay absolute.
  for (const { name, type = 'file', linkname = '', body = '', mode = 0o644 } of entries) {
    const path = resolve(target, name);
    fs.mkdirSync(dirname(path), { recursive: true });
    if (type === 'directory') {
      fs.mkdirSync(path, { recursive: true });
      fs.chmodSync(path, mode);
    } else if (type === 'symlink') fs.symlinkSync(linkname, path);
    else if (type === 'link') fs.linkSync(join(target, linkname), path);
    else fs.writeFileSync(path, body);
  }
}
