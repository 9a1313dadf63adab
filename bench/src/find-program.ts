/** Where a program is, as a shell finds it. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Absolute path of a program in PATH or in the system's own directories, which an ordinary PATH lacks. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
