/** New files, all of them or none, and never over what somebody has written. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConflictError, IoError, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';

/** Write them. Errors: `conflict`, when one is there; `io`. */
export async function writeFiles(
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<Result<void, HacoError>> {
  const written: string[] = [];
  for (const { path, text } of files) {
    try {
      await mkdir(dirname(path), { recursive: true });
      // "x": neither is a file replaced, nor a link followed.
      await writeFile(path, text, { flag: 'wx' });
      written.push(path);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
      // Half of a file, as on a full disk, is none.
      const made = errno === 'EEXIST' ? written : [...written, path];
      await Promise.allSettled(made.map((one) => rm(one, { force: true })));
      return err(errorOf(path, errno));
    }
  }
  return ok();
}

function errorOf(path: string, errno: string): HacoError {
  if (errno === 'EEXIST') {
    return new ConflictError({ what: 'file', subject: path, remedy: 'remove it first, or give another --dest' });
  }
  const hint = 'give a place that this process can write to';
  return new IoError({ what: 'write the export', path, errno, hint });
}
