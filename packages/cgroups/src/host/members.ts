/** Processes of a group: which there are, how they get in, and how they move. */
import { readdirSync, readlinkSync } from 'node:fs';
import { NotFoundError, type HacoError } from '@haco/plan';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { textOf, writeNow, writeText } from './files.js';
import { joinPath, type GroupDir } from './group-dir.js';

/** Numbers in a file, one per line. */
function numbersOf(path: string): readonly number[] {
  return (textOf(path) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

function groupsIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${path}/${name}`);
  } catch {
    // It is gone, and with it all below.
    return [];
  }
}

/** Groups below a directory, not itself, the deepest first; no more than `most`, where who makes them isn't trusted. */
export function descendants(path: string, most = Number.POSITIVE_INFINITY): readonly string[] {
  const found: string[] = [];
  const visit = (group: string): void => {
    for (const below of groupsIn(group)) {
      if (found.length >= most) return;
      visit(below);
      if (found.length < most) found.push(below);
    }
  };
  visit(path);
  return found;
}

/** Processes of the group itself. */
export function pidsOf(dirs: readonly GroupDir[]): readonly number[] {
  return [...new Set(dirs.flatMap(({ path }) => numbersOf(`${path}/cgroup.procs`)))];
}

/** Processes of the group and of all groups below it. */
export function treePidsOf(dirs: readonly GroupDir[]): readonly number[] {
  const all = dirs.flatMap((dir) => [dir, ...descendants(dir.path).map((path) => ({ ...dir, path }))]);
  return pidsOf(all);
}

/** Whether this process is in the group or below it. */
export function holdsCaller(dirs: readonly GroupDir[]): boolean {
  return treePidsOf(dirs).includes(process.pid);
}

/** Groups of a process as the kernel lists them, by hierarchy: the text after the second colon. */
function isIn(pid: number, path: string): boolean {
  return numbersOf(`${path}/cgroup.procs`).includes(pid);
}

function gone(pid: number): HacoError {
  return new NotFoundError({ what: 'process', subject: String(pid), remedy: 'it has ended, or never was' });
}

/**
 * Move a process with all its threads into a group, in every hierarchy. When one refuses, the others get it back.
 *
 * @param back - where it is now, by hierarchy
 */
export function enter(
  dirs: readonly GroupDir[],
  pid: number,
  back: readonly (string | undefined)[],
): ResultAsync<void, HacoError> {
  const perform = async (): Promise<Result<void, HacoError>> => {
    for (const [index, { path }] of dirs.entries()) {
      const result = await writeText(`${path}/cgroup.procs`, String(pid), { stepId: 'cgroups.join' });
      if (result.isOk()) continue;
      const { error } = result;
      if (error.kind === 'syscall' && error.errno === 'ESRCH') return err(gone(pid));
      for (let at = index - 1; at >= 0; at -= 1) {
        const before = back[at];
        const undone = before === undefined ? ok(undefined) : writeNow(`${before}/cgroup.procs`, String(pid));
        if (undone.isErr()) error.cleanup = [...error.cleanup, undone.error];
      }
      return err(error);
    }
    return ok(undefined);
  };
  return new ResultAsync(perform());
}

/** Children of a process, from all its threads. */
function childrenOf(pid: number): readonly number[] {
  let threads: readonly string[];
  try {
    threads = readdirSync(`/proc/${String(pid)}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((tid) =>
    (textOf(`/proc/${String(pid)}/task/${tid}/children`) ?? '')
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
}

/** A process and all that it started and that still have it as ancestor, parents first. */
export function processTree(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap((child) => processTree(child))];
}

function pidNamespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/pid`);
  } catch {
    // It has ended, or is another user's.
    return undefined;
  }
}

/**
 * Processes in the pid namespace of a process, when that isn't the caller's own: also those that came in from outside, which have
 * nobody inside as ancestor. Of pid namespaces below, they are the ancestors.
 */
export function pidNamespaceMembers(pid: number): readonly number[] {
  const theirs = pidNamespaceOf(pid);
  if (theirs === undefined || theirs === pidNamespaceOf('self')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => pidNamespaceOf(one) === theirs);
}

/** Whether a process is in the group, in every hierarchy. */
export function isMember(dirs: readonly GroupDir[], pid: number): boolean {
  return dirs.every(({ path }) => isIn(pid, joinPath(path)));
}
