/** Which chapters were finished: a line each in a file that survives a restart. Losing it costs nothing, so it never fails. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** Of the XDG base directories, the one for state that outlives a boot; haco's own state directory is emptied then. */
function fileOf({ XDG_STATE_HOME: state = '' }: NodeJS.ProcessEnv): string {
  return join(isAbsolute(state) ? state : join(homedir(), '.local/state'), 'haco/learn');
}

/** Ids of finished chapters. */
export function finishedChapters(env: NodeJS.ProcessEnv): ReadonlySet<string> {
  try {
    return new Set(readFileSync(fileOf(env), 'utf8').split('\n').filter(Boolean));
  } catch {
    return new Set();
  }
}

/** Remember that a chapter was finished. */
export function finishChapter(env: NodeJS.ProcessEnv, id: string): void {
  const all = new Set([...finishedChapters(env), id]);
  try {
    mkdirSync(dirname(fileOf(env)), { recursive: true });
    writeFileSync(fileOf(env), `${[...all].join('\n')}\n`);
  } catch {
    // A read-only home: the course is the same, and begins at its start next time.
  }
}
