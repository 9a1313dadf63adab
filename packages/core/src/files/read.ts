/** Reading a file of a container: whole, or as a stream. */
import { closeSync, constants, createReadStream, read } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { err, ok, type Result } from 'neverthrow';
import { formatBytes, IoError, type HacoError } from '@haco/plan';
import { nodeError, openFound, type FilesRoot } from './root.js';

const readAsync = promisify(read);
const chunkSize = 256 * 1024;

/** The error of something that is larger than the caller wants. */
export function tooLarge(what: string, path: string, limit: number): IoError {
  return new IoError({
    what,
    path,
    errno: 'EFBIG',
    hint: `it has more than ${formatBytes(limit)}; raise the limit, or take a stream`,
  });
}

/** Everything in the file; it may grow meanwhile, but not beyond the limit. */
export async function readWhole(root: FilesRoot, path: string, limit: number): Promise<Result<Buffer, HacoError>> {
  const what = 'read';
  const opened = openFound(root, path, what, constants.O_RDONLY);
  if (opened.isErr()) return err(opened.error);
  const { fd, stat } = opened.value;
  try {
    if (stat.size > limit) return err(tooLarge(what, path, limit));
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      // Files of /proc have a size of 0, whatever they hold.
      const buffer = Buffer.allocUnsafe(Math.min(chunkSize, Math.max(stat.size - total, 4096)) + 1);
      const { bytesRead } = await readAsync(fd, buffer, 0, buffer.length, null);
      if (bytesRead === 0) return ok(Buffer.concat(chunks, total));
      total += bytesRead;
      if (total > limit) return err(tooLarge(what, path, limit));
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    return err(nodeError(what, path, error));
  } finally {
    closeSync(fd);
  }
}

/** The file as a stream, which closes it. */
export function readStream(root: FilesRoot, path: string): Result<Readable, HacoError> {
  return openFound(root, path, 'read', constants.O_RDONLY).map(({ fd }) => createReadStream('', { fd }));
}
