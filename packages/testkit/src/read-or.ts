/** Reads of /proc, /sys and /tmp in which what is listed may be gone before it is read. */
import { readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';

export const textOr = (path: string, otherwise = ''): string => attempt(() => readFileSync(path, 'utf8'), otherwise);

export const linkOr = (path: string, otherwise = ''): string => attempt(() => readlinkSync(path), otherwise);

export const namesIn = (directory: string): readonly string[] => attempt(() => readdirSync(directory), []);

export const entriesIn = (directory: string): readonly Dirent[] =>
  attempt(() => readdirSync(directory, { withFileTypes: true }), []);

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
