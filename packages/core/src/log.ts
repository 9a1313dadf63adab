/** What haco says while containers live: to stderr, or to whoever the runtime names. */
import type { Runtime } from './runtime.js';

/** One thing that was said. */
export interface LogEntry {
  /** Name of the container. */
  readonly container: string;
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** Say it. */
export function log(runtime: Runtime, entry: LogEntry): void {
  if (runtime.log !== undefined) runtime.log(entry);
  else process.stderr.write(`${entry.container}: ${entry.message}\n`);
}
