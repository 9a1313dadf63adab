/** What the processes of a container use, where no cgroup counts it: cgroup v1 counts only what a limit asked for. */
import { readFileSync } from 'node:fs';
import type { ContainerState } from '@haco/core';

/** A look at processes. */
export interface ProcessUsage {
  readonly atMs: number;
  /** CPU time of those that live and of those that they have waited for, in ms. */
  readonly cpuMs: number;
  /** Resident memory; what several share counts for each. */
  readonly memoryBytes: number;
  readonly count: number;
}

/** Every Linux that Node runs on has these; see sysconf(3), _SC_CLK_TCK. */
const ticksPerSecond = 100;
const pageBytes = 4096;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Ended meanwhile.
    return undefined;
  }
}

const numbers = (text: string | undefined): readonly number[] => (text ?? '').split(/\s+/).filter(Boolean).map(Number);

/** A process and all below it. */
function tree(pid: number): readonly number[] {
  return [pid, ...numbers(read(`/proc/${String(pid)}/task/${String(pid)}/children`)).flatMap(tree)];
}

/** Fields 14 to 17 and 24 of proc_pid_stat(5). */
function usageOf(pid: number): { readonly cpuMs: number; readonly memoryBytes: number } | undefined {
  const text = read(`/proc/${String(pid)}/stat`);
  if (text === undefined) return undefined;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  return { cpuMs: (ticks * 1000) / ticksPerSecond, memoryBytes: (fields[21] ?? 0) * pageBytes };
}

/** Look at the members of its cgroup, or else at its process tree. */
export function processesOf({ pid, cgroups }: ContainerState): ProcessUsage | undefined {
  if (pid === null) return undefined;
  const group = cgroups.find(({ path }) => !path.includes('~'));
  const members = group === undefined ? [] : numbers(read(`${group.path}/cgroup.procs`));
  const usages = (members.length > 0 ? members : tree(pid)).flatMap((member) => usageOf(member) ?? []);
  return {
    atMs: Date.now(),
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    memoryBytes: usages.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    count: usages.length,
  };
}
