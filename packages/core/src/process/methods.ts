/** The verbs of the container's program. */
import type { Readable, Writable } from 'node:stream';

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
