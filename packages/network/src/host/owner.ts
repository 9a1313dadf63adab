/** Whose an attachment is: a pid with its start time, since a pid alone may be another process by now. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process, for sure. */
export interface Owner {
  readonly pid: number;
  /** Ticks since boot; field 22 of proc_pid_stat(5). */
  readonly startTime: number;
}

/** When a process was started; undefined when it is gone, or only its exit code is left. */
export function startTimeOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    // The name in parentheses may hold anything, also parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** Whether the owner still runs. */
export function isAlive({ pid, startTime }: Owner): boolean {
  return startTimeOf(pid) === startTime;
}

/** The net namespace that this process works in, e.g. `net:[4026531840]`: state is told apart by it. */
export function currentNetns(): string {
  return readlinkSync('/proc/self/ns/net');
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function namedNamespaces(): readonly string[] {
  try {
    return readdirSync('/run/netns').map((name) => `net:[${String(statSync(`/run/netns/${name}`).ino)}]`);
  } catch {
    return [];
  }
}

/** Whether nobody is in a net namespace any more and no name keeps it: all that was in it is gone, too. */
export function isNetnsGone(netns: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return !pids.some((pid) => linkOf(`/proc/${pid}/ns/net`) === netns) && !namedNamespaces().includes(netns);
}
