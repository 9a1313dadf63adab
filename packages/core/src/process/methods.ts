/** The verbs of the container's program. */
import type { Readable, Writable } from 'node:stream';
import type { CpuList } from './cpu-affinity.js';
import type { IoPriorityClass } from './io-priority.js';
import type { PersonalityDomain } from './personality.js';
import type { SchedulerSpec } from './scheduler.js';

/** What `stdin()` takes. Text and bytes are written, then the stream ends. */
export type StdinSource =
  | 'pipe'
  | 'inherit'
  | 'null'
  | { readonly text: string }
  | { readonly file: string }
  | { readonly fd: number }
  | Uint8Array
  | Readable;

/** What `stdout()` and `stderr()` take. */
export type StdoutTarget =
  | 'pipe'
  | 'inherit'
  | 'null'
  | { readonly file: string; readonly append?: boolean }
  | { readonly fd: number }
  | Writable;

/** What runs in the container, as whom, and where its streams lead. */
export interface ProcessMethods {
  /**
   * The program and its arguments. Nothing is split or expanded; a name without `/` is looked up in the container, in the PATH
   * given by `env` or else the usual directories. Without a command the root's shell runs: `/bin/bash`, else `/bin/sh`.
   * Replaces an earlier command.
   *
   * @see execve(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().command('ls', '-l', '/tmp');
   * ```
   */
  command(file: string, ...args: readonly string[]): this;
  /**
   * Run a script with the container's `/bin/sh -c`. Replaces an earlier command. Don't build the script from untrusted text:
   * pass that by `env` or `stdin`.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().unshare('pid').sh('echo "pid $$"');
   * ```
   */
  sh(script: string): this;
  /**
   * Working directory in the container; made by nobody. Without it `/` when the root changes, else the caller's. Replaces an
   * earlier value.
   *
   * @param path - absolute
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().workdir('/tmp').command('pwd');
   * ```
   */
  workdir(path: string): this;
  /**
   * Set environment variables. The environment is empty but for these (and `TERM` with `tty()`); nothing is inherited from
   * Node. Adds to earlier ones.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().env({ LANG: 'C.UTF-8', HOME: '/root' }).command('env');
   * ```
   */
  env(variables: Readonly<Record<string, string>>): this;
  /**
   * Run the command as this user. Names are looked up in the container's own `/etc/passwd` and `/etc/group`. Supplementary
   * groups are always reset. Replaces an earlier user.
   *
   * @param uid - number or name
   * @param gid - number or name; without it the user's own group, or the number of `uid`
   * @param groups - supplementary groups; without them those that list a named user
   * @see setresuid(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().user('nobody').command('id');
   * ```
   */
  user(uid: number | string, gid?: number | string, groups?: readonly (number | string)[]): this;
  /**
   * Which permissions new files of the command don't get. Without it 022, whatever the mask of the caller is. Holds for further commands in
   * the container, too. Replaces an earlier mask.
   *
   * @param mask - 0 to 0o777
   * @see umask(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().umask(0o077).command('ssh-keygen');
   * ```
   */
  umask(mask: number): this;
  /**
   * How readily the kernel kills the command when memory runs out: 1000 first, -1000 never. Without it 0, whatever the caller's is. To go below
   * the caller's takes CAP_SYS_RESOURCE. Holds for further commands in the container, too. Replaces an earlier value.
   *
   * @param adjustment - -1000 to 1000
   * @see proc_pid_oom_score_adj(5)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().oomScoreAdj(500).command('make');
   * ```
   */
  oomScoreAdj(adjustment: number): this;
  /**
   * How the kernel schedules the command: a policy, with the nice value, the priority, or the times in nanoseconds that belong to it.
   * Without it as Node is scheduled. Holds for further commands in the container, too. Replaces an earlier one.
   *
   * `fifo`, `rr`, `deadline` and a nice value below Node's take CAP_SYS_NICE over the host, which root of a user namespace doesn't have;
   * a cgroup of v1 with limits of CPU time has no time for `fifo` and `rr` without `resources({ cpu: { realtime } })`. `deadline` takes every
   * processor of the machine, so no `cpuAffinity()` of some.
   *
   * Errors: `invalid-spec`, with every field that doesn't fit its policy; EPERM, EBUSY or EINVAL of the start say which of these it was.
   *
   * @see sched_setattr(2), sched(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().scheduler({ policy: 'batch', nice: 10 }).command('make');
   * haco().scheduler({ policy: 'fifo', priority: 20 }).command('sampler');
   * haco().scheduler({ policy: 'deadline', runtimeNs: 2_000_000, deadlineNs: 10_000_000 }).command('sampler');
   * ```
   */
  scheduler(scheduler: SchedulerSpec): this;
  /**
   * How early the command's reads and writes of disks are served: `rt` before all others, `be` in turn, `idle` when nobody else asks. Counts
   * where the scheduler of the disk knows priorities (BFQ, mq-deadline). Without it as Node's. Holds for further commands in the container,
   * too. Replaces an earlier one.
   *
   * Errors: `rt` takes CAP_SYS_NICE or CAP_SYS_ADMIN over the host, else EPERM.
   *
   * @param level - 0 (first) to 7 (last) within `rt` and `be`; 4 without it
   * @see ioprio_set(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().ioPriority('be', 7).command('backup');
   * ```
   */
  ioPriority(ioClass: IoPriorityClass, level?: number): this;
  /**
   * The processors that the command may run on. It may change that itself, unlike a cpuset (`resources({ cpuset })`), within which this
   * stays. Without it those of its groups, or of Node. Holds for further commands in the container, too. Replaces an earlier list.
   *
   * Errors: EINVAL of the start, when none of them is there or in the cpuset.
   *
   * @param cpus - numbers, or a list such as `'0-3,7'`
   * @see sched_setaffinity(2), cpuset(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().cpuAffinity('0').command('bench');
   * ```
   */
  cpuAffinity(cpus: CpuList): this;
  /**
   * The processors of further commands in the container, in place of those of `cpuAffinity()`: `initial` until they have entered its groups,
   * `final` from then on; without `final` the kernel chooses. Says nothing about the container's own command. Replaces earlier lists.
   *
   * Errors: as `cpuAffinity()`, of `exec()` and `spawn()`.
   *
   * @see sched_setaffinity(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().execCpuAffinity({ initial: '0', final: '0-1' }).command('server');
   * ```
   */
  execCpuAffinity(cpus: { readonly initial?: CpuList; readonly final?: CpuList }): this;
  /**
   * The execution domain of the command: with `linux32` the kernel calls the machine by its 32-bit name (`uname -m` says i686 on x64), as
   * builds for it expect. Without it Node's. Holds for further commands in the container, too. Replaces an earlier one.
   *
   * Errors: EINVAL of the start, on arm64 processors that can't run 32-bit programs.
   *
   * @see personality(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().personality('linux32').command('uname', '-m');
   * ```
   */
  personality(domain: PersonalityDomain): this;
  /**
   * Where the command reads from. Without it nothing (`/dev/null`) for `run()`, a pipe for `start()`. Replaces an earlier value.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().stdin({ text: 'hello' }).command('cat');
   * ```
   */
  stdin(source: StdinSource): this;
  /**
   * Where the command's output goes. Without it a pipe: text in the outcome of `run()`, a stream of `start()`. Replaces an
   * earlier value.
   *
   * A `file` of the host is made when it isn't there, and its content is replaced unless `append` says otherwise. A start that
   * fails leaves no new file, and the content alone: it goes right before the command is executed, when the command is there. Only
   * a command that is there but can't be executed, and a seccomp filter that the kernel refuses, are found out later than that.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().stdout({ file: 'build.log', append: true }).command('make');
   * ```
   */
  stdout(target: StdoutTarget): this;
  /** Where the command's error output goes; as {@link ProcessMethods.stdout}. */
  stderr(target: StdoutTarget): this;
  /**
   * Give the command a terminal of its own, of which the caller holds the other end: job control, Ctrl-C and window size work.
   * stdout carries everything; `resize()` of the handle changes the size. Replaces an earlier size.
   *
   * @param size - characters; 80 × 24 without it
   * @see pty(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().unshare('pid').tty({ columns: 120, rows: 40 }).command('/bin/sh');
   * ```
   */
  tty(size?: { readonly columns?: number; readonly rows?: number }): this;
  /**
   * Keep haco's own small init as the container's first process: it reaps orphans, forwards signals, and ends when the command
   * ends. Without it the command itself is pid 1 of a new pid namespace, as in haconiwa.
   *
   * @see pid_namespaces(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().unshare('pid').init().command('/bin/sh', '-c', 'daemon & exec work');
   * ```
   */
  init(): this;
  /**
   * Make the container, but let it wait before its command until somebody opens this fifo for writing and writes a byte; no Node
   * process is needed for that. `start()` gives the container while it waits.
   *
   * @param path - absolute path on the host of an existing fifo
   * @see fifo(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().startFifo('/run/my/start').command('server');
   * ```
   */
  startFifo(path: string): this;
}
