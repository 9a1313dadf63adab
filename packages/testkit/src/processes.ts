/** The process table, and which of its processes are the business of this test. */
import { basename } from 'node:path';
import process from 'node:process';
import { linkOr, namesIn, textOr } from './read-or.js';

export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  /** `Z` is a zombie. */
  readonly state: string;
  /** Clock ticks after boot; with the pid it identifies a process for ever. */
  readonly startTime: number;
  /** It looks like a part of haco: by its name, its namespaces, its root or its cgroup. */
  readonly haco: boolean;
}

const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** One line of /proc/<pid>/stat. The name may contain anything, also spaces and `)`: what follows the last `)` counts. */
export function parseStat(line: string): Omit<ProcessInfo, 'haco'> | undefined {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = line.slice(close + 2).split(' ');
  const [state = '', ppid = ''] = fields;
  return {
    pid: Number(line.slice(0, open)),
    comm: line.slice(open + 1, close),
    state,
    ppid: Number(ppid),
    startTime: Number(fields[19]),
  };
}

// As they were when this module was loaded: a test may go on in a net namespace that it has made, which makes nobody else strange.
const own = surroundings('self');

export function readProcesses(): readonly ProcessInfo[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readProcess(pid))
    .filter((info) => info !== undefined);
}

function readProcess(pid: string): ProcessInfo | undefined {
  const info = parseStat(textOr(`/proc/${pid}/stat`));
  if (info === undefined) return undefined;
  // A zombie has neither namespaces nor a root; it isn't strange for that.
  const strange = info.state !== 'Z' && surroundings(pid) !== own && linkOr(`/proc/${pid}/ns/mnt`) !== '';
  const [argument = ''] = textOr(`/proc/${pid}/cmdline`).split('\0');
  const programs = [info.comm, linkOr(`/proc/${pid}/exe`), argument];
  return { ...info, haco: strange || isNamedHaco(programs, textOr(`/proc/${pid}/cgroup`)) };
}

/** By base names only: the repository may well lie in a directory called haco. `groups` is the text of /proc/PID/cgroup. */
export function isNamedHaco(programs: readonly string[], groups: string): boolean {
  // A line for each hierarchy, and the last one need not be the one that has a group of ours.
  return [...programs, ...groups.split('\n')].some((name) => basename(name).includes('haco'));
}

function surroundings(pid: string): string {
  const links = namespaces.map((kind) => linkOr(`/proc/${pid}/ns/${kind}`));
  return [...links, linkOr(`/proc/${pid}/root`)].join(' ');
}

/**
 * Pids of the processes whose command line has this text. For what {@link ownProcesses} can't know: an orphan of a container that shares
 * everything with its host looks like anybody's program.
 */
export function processesWith(text: string): readonly number[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && textOr(`/proc/${name}/cmdline`).includes(text))
    .map(Number);
}

/**
 * Our descendants, and orphans that look like haco. A haco process under a stranger belongs to another test run on this
 * machine and is left out: the first ancestor that isn't haco itself has to be one of ours, such as init.
 */
export function ownProcesses(all: readonly ProcessInfo[], self: number = process.pid): readonly ProcessInfo[] {
  const byPid = new Map(all.map((info) => [info.pid, info]));
  const ancestors = new Set(ancestorsOf(self, byPid));
  return all.filter((info) => {
    if (info.pid === self || ancestors.has(info.pid)) return false;
    const above = ancestorsOf(info.pid, byPid);
    if (above.includes(self)) return true;
    const owner = above.find((pid) => byPid.get(pid)?.haco !== true);
    return info.haco && (owner === undefined || ancestors.has(owner));
  });
}

function ancestorsOf(pid: number, byPid: ReadonlyMap<number, ProcessInfo>): readonly number[] {
  const above: number[] = [];
  let parent = byPid.get(pid)?.ppid ?? 0;
  // The table isn't read in one moment: a reused pid could close a circle.
  while (parent > 0 && !above.includes(parent)) {
    above.push(parent);
    parent = byPid.get(parent)?.ppid ?? 0;
  }
  return above;
}
