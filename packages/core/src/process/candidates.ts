/** Where a command is looked for. */
import { defaultPath, type ProcessSection } from './section.js';

/** Paths that are tried, in order, with argv. */
export function candidates(
  section: ProcessSection,
): readonly { readonly path: string; readonly argv: readonly string[] }[] {
  const { command } = section;
  // haconiwa's default init; bash first, as there.
  if (command === undefined) return ['/bin/bash', '/bin/sh'].map((path) => ({ path, argv: [path] }));
  const argv = [command.file, ...command.args];
  if (command.file.includes('/')) return [{ path: command.file, argv }];
  const path = section.env['PATH'] ?? defaultPath;
  return path.split(':').map((directory) => ({ path: `${directory === '' ? '.' : directory}/${command.file}`, argv }));
}

/** After these, execve(2) is tried at the next place: what else is wrong, it would fail with too. */
export const notThere = ['ENOENT', 'ENOTDIR', 'EACCES'];
