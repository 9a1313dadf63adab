/** What every scene of the demo has at hand. */
import { haco, type HacoError, type HostFacts, type Outcome, type ResultAsync } from '@haco/core';
import type { Stage } from './stage.js';

/** A scene: one idea, shown and checked. */
export type Scene = (context: Context) => Promise<void>;

export interface Context {
  readonly stage: Stage;
  /** The root filesystem. */
  readonly root: string;
  readonly host: HostFacts;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Done at the end, whatever happens; the last one first. */
  readonly atEnd: (undo: () => void) => void;
}

/** The demo was stopped: there is nothing more to show, only to clean up. */
export class Stopped extends Error {}

/** A start failed that the demo needs. */
export class Broken extends Error {}

/** A container of the demo: stopped by Ctrl-C, and with a user namespace of its own where the demo doesn't run as root. */
export function demo({ signal, host }: Context) {
  return haco()
    .signal(signal)
    .when(host.euid !== 0, (builder) => builder.unshare('user'));
}

/** The value of a result; a start that fails ends the demo with its sentence. */
export async function must<T>(context: Context, result: ResultAsync<T, HacoError>): Promise<T> {
  const settled = await result;
  if (context.signal.aborted) throw new Stopped();
  if (settled.isErr()) throw new Broken(settled.error.message);
  return settled.value;
}

/** How a container ended, in half a sentence. */
export function ending(outcome: Outcome): string {
  const how = outcome.signal ?? `exit code ${String(outcome.exitCode)}`;
  return `${outcome.reason}, ${how}, after ${outcome.durationMs.toFixed(0)} ms`;
}
