/** What processes have used, as the kernel counts it. */
import { readFileSync } from 'node:fs';

/**
 * CPU time of a process in milliseconds: utime and stime of proc_pid_stat(5), which are counted in clock ticks of 10 ms.
 *
 * @param pid - a process that exists, or has not been waited for
 */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  // The name of the program may have anything in it, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
