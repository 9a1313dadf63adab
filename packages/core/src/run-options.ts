/** Options that say of one command what the verbs of the same names say of a container: for `exec()`, `spawn()` and pools. */
import { type Duration, type Size, plain } from '@haco/plan';
import type { Builder } from './builder.js';
import type { StdinSource, StdoutTarget } from './process/methods.js';

/** What a command gets, and how long and how much it may. */
export interface RunOptions {
  /** Variables on top of those that it would have anyway. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: StdinSource;
  readonly stdout?: StdoutTarget;
  readonly stderr?: StdoutTarget;
  /** Kill it after this time: milliseconds, or text such as `'10s'`. */
  readonly timeout?: Duration;
  /** Kill it when it writes more than this: bytes, or text such as `'1MiB'`. */
  readonly outputLimit?: Size;
  /** Kill it when this is aborted. */
  readonly signal?: AbortSignal;
}

/** Say all of these to a builder. */
export function withRunOptions(base: Builder, options: RunOptions): Builder {
  const { env, stdin, stdout, stderr, timeout, outputLimit, signal } = plain(options);
  let builder = base;
  if (env !== undefined) builder = builder.env(env);
  if (stdin !== undefined) builder = builder.stdin(stdin);
  if (stdout !== undefined) builder = builder.stdout(stdout);
  if (stderr !== undefined) builder = builder.stderr(stderr);
  if (timeout !== undefined) builder = builder.timeout(timeout);
  if (outputLimit !== undefined) builder = builder.outputLimit(outputLimit);
  if (signal !== undefined) builder = builder.signal(signal);
  return builder;
}
