/** Which process a number means: a pid and the moment of its start together name a process for good, within one boot. */
import { readFileSync } from 'node:fs';

/** A process that can't be mistaken for another one of the same boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, in ticks since boot: field 22 of proc_pid_stat(5). */
  readonly startTime: number;
}

/** When a process was started; undefined when there is none. A zombie is still there. */
export function startTimeOf(pid: number): number | undefined {
  return statOf(pid)?.startTime;
}

function statOf(pid: number): { readonly state: string; readonly startTime: number } | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    // The name before it may contain anything, also parentheses and spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** Whether it is that process, and it runs: neither a zombie nor another one that has got its number. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? 0 };
}

let boot: string | undefined;

/** What this boot of the machine is called: pids and cgroups of another one mean nothing now. */
export function bootId(): string {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // No such file in this container: pid and start time have to do.
    boot = '';
  }
  return boot;
}
