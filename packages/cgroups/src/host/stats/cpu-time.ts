/** The one counter by which CPU time is limited: all that the processes of a group have used, exactly. */
import { textOf } from '../files.js';
import { hasController, type GroupDir } from '../group-dir.js';
import { field, single } from './text.js';

/**
 * Milliseconds of CPU time of all processes that are or were in a group; undefined when it is gone, or counts none. The sum alone:
 * the shares of user and system are sampled by ticks on most kernels, which a process can learn to evade.
 *
 * @example
 * ```ts
 * import { containerDirs, readCpuTime } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * readCpuTime(containerDirs('x', { cpuTimeMs: 10_000 }, probeHost())); // 1234.5
 * ```
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html
 */
export function readCpuTime(dirs: readonly GroupDir[]): number | undefined {
  const dir = dirs.find((one) => hasController(one, 'cpuacct'));
  if (dir === undefined) return undefined;
  const nanoseconds = dir.version === 1 ? single(textOf(`${dir.path}/cpuacct.usage`)) : undefined;
  if (nanoseconds !== undefined) return nanoseconds / 1e6;
  const microseconds = field(textOf(`${dir.path}/cpu.stat`), 'usage_usec');
  return microseconds === undefined ? undefined : microseconds / 1000;
}
