/** Locking the directory of a container, and removing it: what start, look and removal have in common. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { err, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { makeUpName } from '../start/made-up-name.js';
import type { ContainerDirectory } from './directory.js';
import { takeLock } from './lock.js';

/** Lock a container's directory; undefined: somebody else has it. */
export function lockDirectory(directory: ContainerDirectory): Result<number | undefined, HacoError> {
  for (let round = 0; ; round += 1) {
    try {
      mkdirSync(directory.path, { mode: 0o700 });
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      if (errno !== 'EEXIST') {
        const hint = hintFor('mkdirat', errno);
        return err(new IoError({ what: 'make the directory', path: directory.path, errno, hint }));
      }
    }
    const locked = takeLock(directory.lockPath);
    // Removed between the two: the name is free.
    if (locked.isErr() && locked.error.kind === 'io' && locked.error.errno === 'ENOENT' && round < 100) continue;
    return locked;
  }
}

/** Prefix of directories that are on their way out; no name begins so. */
const leaving = '.leaving-';

/** Remove the directory of a container whose lock we hold: at once for everybody who looks. */
export function discardDirectory(directory: ContainerDirectory): void {
  const away = join(directory.root, `${leaving}${makeUpName()}`);
  try {
    renameSync(directory.path, away);
    rmSync(away, { recursive: true, force: true });
  } catch {
    // Gone already; or the next listing removes it.
  }
}

/** What was being removed when its remover was killed. */
export function finishRemovals(root: string, entries: readonly string[]): void {
  for (const entry of entries) {
    if (!entry.startsWith(leaving)) continue;
    try {
      rmSync(join(root, entry), { recursive: true, force: true });
    } catch {
      // Somebody else removes it at this moment.
    }
  }
}
