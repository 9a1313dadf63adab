/** Looks a program up as a shell would, and in the sbin directories that ordinary users don't have in their PATH. */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

export function findProgram(name: string): string | undefined {
  const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
  return path
    .split(':')
    .filter(Boolean)
    .map((directory) => join(directory, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
