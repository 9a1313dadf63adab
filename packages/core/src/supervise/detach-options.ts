/** How to detach. */
import type { StateOptions } from '../state/root.js';

/** What `detach()` takes. */
export interface DetachOptions extends StateOptions {
  /**
   * The module that exports this builder by default, or a cluster in which a container has this name: a path, or `import.meta.url` in
   * it. Needed for what can't be sent to another process (hooks, signals, streams), and for `reload()`, which reads it again.
   */
  readonly definition?: string | URL;
  /** What a definition that is a function is told. */
  readonly args?: readonly string[];
  /** Write its pid there, for other programs; removed when it has ended. Absolute, or relative to the working directory. */
  readonly pidFile?: string;
  /** Keep nothing of it when it has ended: no outcome, no output. */
  readonly autoRemove?: boolean;
  /** Come back when it is ready, as `readiness()` says, not as soon as it runs. One that doesn't become ready is ended. */
  readonly ready?: boolean;
  /** A container of this name that has ended makes room. */
  readonly replace?: boolean;
}
