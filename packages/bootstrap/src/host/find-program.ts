/** Looks up programs as a shell would, and where Debian keeps the administrator's. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

const sbin = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** PATH with the directories that ordinary users lack. */
export function searchPath(): string {
  const own = (process.env['PATH'] ?? '/usr/bin:/bin').split(':').filter((directory) => directory.startsWith('/'));
  return [...own, ...sbin.filter((directory) => !own.includes(directory))].join(':');
}

/** Absolute path of a program; undefined when there is none. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of searchPath().split(':')) {
    const path = join(directory, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
