/** The lines of /proc/<pid>/mountinfo as values. */
import { readFileSync } from 'node:fs';

export interface MountInfo {
  readonly id: number;
  readonly parent: number;
  /** What part of the filesystem is mounted. */
  readonly root: string;
  /** Where. */
  readonly target: string;
  readonly options: string;
  readonly type: string;
  readonly source: string;
  readonly superOptions: string;
}

export function readMounts(pid: number | 'self' = 'self'): readonly MountInfo[] {
  return parseMountInfo(readFileSync(`/proc/${String(pid)}/mountinfo`, 'utf8'));
}

export function parseMountInfo(text: string): readonly MountInfo[] {
  return text.split('\n').filter(Boolean).map(parseLine);
}

/** Mounts on the directory itself or below it, deepest and newest first: the order in which they can be taken away. */
export function mountsBelow(directory: string, mounts: readonly MountInfo[]): readonly MountInfo[] {
  return mounts.filter(({ target }) => target === directory || target.startsWith(`${directory}/`)).toReversed();
}

function parseLine(line: string): MountInfo {
  // "-" ends the optional fields, of which there may be any number.
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [id = '', parent = '', , root = '', target = '', options = ''] = fields;
  const [type = '', source = '', superOptions = ''] = fields.slice(dash + 1);
  return {
    id: Number(id),
    parent: Number(parent),
    root: unescape(root),
    target: unescape(target),
    options,
    type,
    source: unescape(source),
    superOptions,
  };
}

// The kernel writes space, tab, newline and backslash as \ooo.
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
