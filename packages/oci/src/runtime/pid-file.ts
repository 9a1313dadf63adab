/** The file in which an engine finds the pid. */
import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { IoError, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';

/** Write it; readers see nothing or all of it. */
export function writePidFile(path: string | undefined, pid: number): Result<void, HacoError> {
  if (path === undefined) return ok();
  const temporary = join(dirname(path), `.${basename(path)}.${String(process.pid)}`);
  try {
    writeFileSync(temporary, String(pid), { mode: 0o644, flag: 'wx' });
    renameSync(temporary, path);
    return ok();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(
      new IoError({
        what: 'write the pid file',
        path,
        errno,
        hint: 'give a path in a directory that can be written to',
      }),
    );
  }
}
