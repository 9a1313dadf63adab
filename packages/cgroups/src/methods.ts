/** The verbs for limits. */
import type { Size } from '@haco/plan';

/**
 * Limits by control groups. The container gets a group of its own below `haco` in each hierarchy that a limit needs; it is
 * removed at the end, with whatever is left in it. The same verbs work on cgroup v1, v2 and hybrid hosts.
 *
 * @see cgroups(7)
 */
export interface CgroupMethods {
  /**
   * Limit the CPU time, in percent of one CPU, at least 1: `cpu(50)` is half of one, `cpu(200)` two whole ones. Enforced per
   * 100 ms. Replaces an earlier value.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().cpu(50).command('make');
   * ```
   *
   * @see https://docs.kernel.org/scheduler/sched-bwc.html
   */
  cpu(percent: number): this;
  /**
   * Limit the memory, page cache included. When the kernel can't reclaim enough it kills a process of the container
   * (`reason: 'oom'`). Swap isn't counted; `cgroup('memory.swap.max', 0)` forbids it. Replaces an earlier value.
   *
   * @param size - bytes, or text such as `'256MiB'`; at least 4 KiB
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().memory('256MiB').command('node', 'build.js');
   * ```
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
   */
  memory(size: Size): this;
  /**
   * Limit the number of processes and threads at the same time, at least 1; `fork(2)` then fails with `EAGAIN`. Replaces an
   * earlier value.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().pids(64).command('make', '-j');
   * ```
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#pid
   */
  pids(max: number): this;
  /**
   * Write any file of the group. Keys of cpu, memory and pids may be spelled as on v1 or as on v2 and are translated where the
   * other version means the same (`cpu.shares` ↔ `cpu.weight`, `memory.limit_in_bytes` ↔ `memory.max`, …); a key that this
   * host can't express is refused. Keys of other controllers are written as they are. Each key replaces its earlier value, and
   * overrides {@link CgroupMethods.cpu}, {@link CgroupMethods.memory} and {@link CgroupMethods.pids} where they write the same
   * file.
   *
   * @param key - name of the file, e.g. `memory.high`
   * @param value - its content, e.g. `200 * 2 ** 20`, `'200M'`, `'max'`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().cgroup('cpu.weight', 50).cgroup('memory.high', '200M');
   * ```
   */
  cgroup(key: string, value: string | number): this;
  /**
   * Make the container's group below this one instead of below `haco`, so that they share its limits. The group must exist in
   * every hierarchy that is used; haco neither makes nor removes it. Replaces an earlier value.
   *
   * @param path - relative to the caller's own group, e.g. `ci/nightly`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().cgroupParent('ci').memory('1GiB');
   * ```
   */
  cgroupParent(path: string): this;
}
