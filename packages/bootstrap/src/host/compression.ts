/** Opens an archive and takes its compression off, which is told by content, never by name. */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { IoError, NotFoundError } from '@haco/plan';
import { errnoOf } from './failure.js';
import { type Tool, toolOutput } from './tool.js';

/** How an archive is compressed. */
export type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

// The memory limits: a hostile archive may claim to need 4 GiB for its dictionary.
const programs = {
  bzip2: { command: ['bzip2', '-dc'], package: 'bzip2' },
  xz: { command: ['xz', '-dc', '--memlimit-decompress=256MiB'], package: 'xz-utils' },
  zstd: { command: ['zstd', '-dcq', '--memory=256MB'], package: 'zstd' },
} as const satisfies Record<string, Pick<Tool, 'command' | 'package'>>;

/** How the file that begins with these bytes is compressed. */
export function compressionOf(head: Uint8Array): Compression {
  const found = magics.find(([, magic]) => magic.every((byte, index) => head[index] === byte));
  return found?.[0] ?? 'none';
}

/** The uncompressed archive. Whoever destroys the stream closes the file and ends the program, if any. */
export async function openArchive(path: string, context: Pick<Tool, 'signal' | 'target'>): Promise<Readable> {
  const file = await openFile(path);
  try {
    const head = Buffer.alloc(6);
    await file.read(head, 0, head.length, 0);
    const compression = compressionOf(head);
    // Positions are given: a program that inherits the descriptor must find it at the beginning.
    const plain = () => file.createReadStream({ start: 0, highWaterMark: pieceBytes });
    if (compression === 'none') return plain();
    if (compression === 'gzip') return chain(plain(), gunzip());
    const zstd = compression === 'zstd' ? builtInZstd() : undefined;
    if (zstd !== undefined) return chain(plain(), zstd);
    if (compression === 'zstd' || compression === 'xz' || compression === 'bzip2') {
      return Readable.from(throughProgram(file, { ...programs[compression], ...context }));
    }
    return plain();
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    throw new NotFoundError({ what: 'archive', subject: path, remedy: 'check its path' });
  }
  const stat = await file.stat();
  if (stat.isFile() && stat.size > 0) return file;
  await file.close();
  const hint = stat.isFile() ? 'it is empty' : 'it is not a regular file';
  throw new IoError({ what: 'unpack', path, errno: '', hint });
}

/** The same for a stream whose first bytes are known. */
export function decompress(input: Readable, head: Uint8Array, context: Pick<Tool, 'signal' | 'target'>): Readable {
  const compression = compressionOf(head);
  if (compression === 'none') return input;
  if (compression === 'gzip') return chain(input, gunzip());
  const zstd = compression === 'zstd' ? builtInZstd() : undefined;
  if (zstd !== undefined) return chain(input, zstd);
  return Readable.from(toolOutput({ ...programs[compression], ...context, input }));
}

/** Each piece goes to another thread and back, which on a busy machine takes longer than the work. */
const pieceBytes = 512 * 1024;

const gunzip = () => zlib.createGunzip({ chunkSize: pieceBytes });

function chain(input: Readable, decompress: NodeJS.ReadWriteStream & Readable): Readable {
  input.once('error', (error) => {
    decompress.destroy(error);
  });
  decompress.once('close', () => {
    input.destroy();
  });
  return input.pipe(decompress);
}

async function* throughProgram(file: FileHandle, tool: Tool): AsyncGenerator<Buffer, void> {
  try {
    yield* toolOutput({ ...tool, stdin: file.fd });
  } finally {
    await file.close();
  }
}

/** Node has it since 22.15 and 23.8. */
function builtInZstd(): (NodeJS.ReadWriteStream & Readable) | undefined {
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  return typeof create === 'function' ? (create() as NodeJS.ReadWriteStream & Readable) : undefined;
}
