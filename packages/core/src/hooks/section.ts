/** The hooks of a spec, and what they are called with. */
import type { PromiseOrValue } from './promise-or-value.js';
import type { ResultAsync, Result } from 'neverthrow';
import type { HacoError, Live } from '@haco/plan';
import type { ExecOptions } from '../exec/options.js';
import type { Outcome } from '../outcome.js';
import type { Spec } from '../spec.js';
import type { HookPoint } from './points.js';

/** What a hook is called with. */
export interface HookContext {
  readonly point: HookPoint;
  /** Name of the container. */
  readonly name: string;
  readonly spec: Spec;
  /** The container's first process as the host sees it; undefined while there is none. */
  readonly pid: number | undefined;
  /** The container's root directory as a path of the host; undefined when it keeps the host's. */
  readonly rootfs: string | undefined;
  /** The tags of `metadata()`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Kept for the hooks of one start: what one leaves here, later ones find. */
  readonly shared: Map<string, unknown>;
  /** How the container has ended; from `teardownContainer` on. */
  readonly outcome: Outcome | undefined;
  /** Why it could not be started, or what could not be undone; from `teardownContainer` on. */
  readonly error: HacoError | undefined;
  /** Aborted when nobody waits for the hook any more: the start is given up, or the hook's `timeout` is over. */
  readonly signal: AbortSignal;
  /**
   * Run a command in the container, half-made as it is: in its namespaces, with its root as it is at this moment, confined as its own
   * command will be; see `container.exec()`.
   *
   * Errors: `state`, when there is no process yet or any more; as `container.exec()`.
   */
  run(file: string, ...args: readonly string[]): ResultAsync<Outcome, HacoError>;
  /** The same, with more to say than the command: its user, its streams, how long it may take. */
  run(options: ExecOptions): ResultAsync<Outcome, HacoError>;
  /** Say something to whoever runs the container: stderr, or the log of its supervisor. */
  log(message: string): void;
}

/** A hook. What it throws, and an error that it returns, makes it fail. */
export type Hook = (context: HookContext) => PromiseOrValue<Result<unknown, HacoError> | void | undefined>;

/** What can be said of a hook. */
export interface HookOptions {
  /** Whether its failure fails the start; see {@link HookPoint} for what holds without it. Others are told as warnings. */
  readonly fatal?: boolean;
  /** What it is called in the plan and in errors. */
  readonly name?: string;
}

/** One hook of the spec. */
export interface HookEntry extends HookOptions {
  readonly point: HookPoint;
  readonly timeoutMs?: number;
  readonly run: Live<Hook>;
}

/** Section `hooks` of the spec. */
export interface HooksSection {
  readonly hooks: readonly HookEntry[];
}

/** What a hook is called: its point, and its own name or its number where there are several. */
export function hookName({ hooks }: HooksSection, entry: HookEntry): string {
  if (entry.name !== undefined) return `${entry.point} (${entry.name})`;
  const same = hooks.filter(({ point }) => point === entry.point);
  return same.length === 1 ? entry.point : `${entry.point} (number ${String(same.indexOf(entry) + 1)})`;
}
