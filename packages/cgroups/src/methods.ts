/** The verbs for limits. */
import type { Duration, Size } from '@haco/plan';
import type { Resources } from './controllers/index.js';

/** How strictly a limit is meant. */
export interface LimitOptions {
  /**
   * Go on without the limit where the host can't enforce it, or with a weaker one; `Outcome.enforced` then says `refused` or
   * `degraded`. `false`, the default: such a container isn't started.
   */
  readonly degrade?: boolean;
}

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
  cpu(percent: number, options?: LimitOptions): this;
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
  memory(size: Size, options?: LimitOptions): this;
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
  pids(max: number, options?: LimitOptions): this;
  /**
   * Kill the container when all its processes together, also those that have ended, have used this much CPU time; `reason` is then
   * `cpu-timeout`. The kernel counts in the container's group; Node looks as often as the limit could be reached, at most every
   * 10 ms, so some 10 ms for each CPU may be used beyond it. Unlike `rlimit('cpu', …)`, which counts each process for itself, it
   * can't be evaded by forking. Replaces an earlier value.
   *
   * @param duration - milliseconds, or text such as `'10s'`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().cpuTimeout('10s').timeout('1m').command('make');
   * ```
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html
   */
  cpuTimeout(duration: Duration, options?: LimitOptions): this;
  /**
   * Limit any resource, in words that mean the same on cgroup v1 and v2. Sizes and durations may be text. Calls add up: single
   * values replace earlier ones, lists (`devices`, `io.devices`) grow.
   *
   * | resource | words |
   * | --- | --- |
   * | `cpu` | `percent`, `weight`, `burst`, `idle`, `realtime`, `uclamp` |
   * | `cpuset` | `cpus`, `mems` |
   * | `memory` | `max`, `high`, `low`, `min`, `swap`, `oomGroup`, `swappiness`, `disableOomKiller` |
   * | `pids` | `max` |
   * | `io` | `weight`, `devices` |
   * | `devices` | rules as OCI has them; the last one that covers a device and an access decides |
   * | `hugetlb` | bytes by page size |
   * | `netCls`, `netPrio` | marks and priorities of packets; v1 only |
   * | `rdma`, `misc` | limits by adapter, by name |
   * | `perfEvent` | `true`: a group by which perf(1) can count |
   * | `freeze` | `true`: it stops before its command until its group is thawed; `false`: its group has a freezer from the start |
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().resources({
   *   cpu: { percent: 50, weight: 20 },
   *   memory: { max: '1GiB', swap: 0 },
   *   io: { devices: [{ device: '/dev/sda', readBps: '10MiB' }] },
   *   devices: [{ allow: false }, { allow: true, type: 'c', major: 1, access: 'rw' }],
   * });
   * ```
   */
  resources(limits: Resources, options?: LimitOptions): this;
  /**
   * Write any file of the group. Keys may be spelled as on v1 or as on v2 and are translated where the other version means the
   * same (`cpu.shares` ↔ `cpu.weight`, `blkio.throttle.read_bps_device` ↔ `io.max`, `freezer.state` ↔ `cgroup.freeze`, …); a key
   * that this host can't express is refused, and so are `release_agent` and `notify_on_release`. Each key replaces its earlier
   * value, and overrides {@link CgroupMethods.cpu}, {@link CgroupMethods.memory}, {@link CgroupMethods.pids} and
   * {@link CgroupMethods.resources} where they write the same file.
   *
   * @param key - name of the file, e.g. `memory.high`
   * @param value - its content, e.g. `200 * 2 ** 20`, `'200M'`, `'max'`, `true`
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().cgroup('cpu.weight', 50).cgroup('memory.high', '200M');
   * ```
   */
  cgroup(key: string, value: string | number | boolean, options?: LimitOptions): this;
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
