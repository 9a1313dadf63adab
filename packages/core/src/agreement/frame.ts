/** The calls that every plan has around its own. */

/**
 * The calls that the launcher makes for every plan, around the operations of the plan. They are its frame, not container
 * logic, so `explain()` doesn't repeat them; see packages/sys/native/haco-init.c and init.c.
 */
export const frame = {
  /** Before the first operation: signals blocked, the plan mapped and copied, everything close-on-exec, Node held by a pidfd. */
  begin: ['rt_sigprocmask', 'prctl', 'lseek'],
  takePlan: ['lseek', 'mmap', 'mmap', 'pread64'],
  beginEnd: ['close_range', 'pidfd_open', 'getppid'],
  /** The spare of a fork server, when it becomes a launcher: the slots given up, what Node sent in its place, nothing else kept. */
  served: ['munmap', 'dup3', 'dup3', 'dup3', 'close_range'],
  /** When it is the container's own. */
  alone: ['munmap', 'dup3', 'dup3', 'dup3', 'dup3', 'close_range'],
  aloneEnd: ['close_range'],
  /** Around the clone when the new process has to wait for a parent phase. */
  beforeClone: ['socketpair'],
  /** First moments of the new process: bound to Node's life, signals unblocked. */
  enter: ['prctl', 'ppoll', 'rt_sigprocmask'],
  enterWaiting: ['dup3', 'close', 'close', 'read'],
  /** The launcher lets it go on, and learns of its exec. */
  release: ['close', 'write', 'ppoll', 'close'],
  /** With something to undo, or an init: it tells Node, but for a `run()` that nobody watches start. */
  notice: ['getppid', 'kill'],
  /** Then it gives up its streams, and waits for the end of the container or of Node. */
  watch: ['close_range', 'ppoll'],
  /** A parent phase that fails: the process that waits for it is killed. */
  kill: ['pidfd_send_signal'],
  /** After the undo it has said all. */
  done: ['getppid', 'kill'],
  /** So that the launcher never kills itself. */
  beforeKill: ['getpid'],
  /** An init splits off; it tells the launcher by shared memory how its command ended. */
  beginInit: ['mmap'],
  beforeInit: ['rt_sigprocmask'],
  awaitInit: 'rt_sigtimedwait',
  afterInit: ['rt_sigprocmask'],
} as const;
