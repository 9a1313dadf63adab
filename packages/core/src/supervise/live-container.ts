/** What an owner can do to the container that it holds, and what others may ask it to do. */
import { constants } from 'node:os';
import { errAsync, okAsync, ResultAsync, type Result } from 'neverthrow';
import { InvalidSpecError, issue, StateError, type HacoError } from '@haco/plan';
import type { Container } from '../container.js';
import type { Outcome } from '../outcome.js';
import type { ContainerUpdate } from '../update.js';
import type { Handlers } from './control.js';

/** How a container is asked to end. */
export interface StopRequest {
  /** Number of the signal that asks. */
  readonly signal: number;
  /** How long it may take before it is killed, in milliseconds. */
  readonly timeoutMs: number;
}

/** The container that is held now, and what is told about it. */
export interface Held {
  /** Undefined between two runs. */
  readonly container: () => Container | undefined;
  readonly isPaused: () => boolean;
  readonly paused: (paused: boolean) => void;
  /** From now on no policy starts it again. */
  readonly stopRequested: () => void;
  /** Its end is wanted, or isn't any more; nobody asks for it. */
  readonly endExpected: (expected: boolean) => void;
  /** How it is asked to end when nobody says how. */
  readonly stopDefault: () => StopRequest;
  /** Its end, for good. */
  readonly end: Promise<Result<Outcome, HacoError>>;
}

/** The default of `stop()`: as people know it from elsewhere. */
export const defaultStop: StopRequest = { signal: constants.signals.SIGTERM, timeoutMs: 10_000 };

/** Signals after which nobody expects it to come back by itself. */
const ending: readonly number[] = [
  constants.signals.SIGKILL,
  constants.signals.SIGTERM,
  constants.signals.SIGINT,
  constants.signals.SIGQUIT,
  constants.signals.SIGABRT,
];

function between(what: string): StateError {
  return new StateError({ what, state: 'the container has no process right now', remedy: 'try again, or stop() it' });
}

/** Ask it to end, and end it when it doesn't. */
export async function stopContainer(
  held: Held,
  { signal, timeoutMs }: StopRequest,
): Promise<Result<Outcome, HacoError>> {
  held.stopRequested();
  const container = held.container();
  if (container !== undefined) {
    void container.kill(signal);
    // What is frozen can't heed any signal.
    if (held.isPaused()) void (await container.thaw().map(() => held.paused(false)));
    const timer = setTimeout(() => {
      void container.kill('SIGKILL');
    }, timeoutMs);
    void held.end.then(() => clearTimeout(timer));
  }
  return held.end;
}

function numberOf(argument: unknown, key: string): number | undefined {
  const value = (argument as Readonly<Record<string, unknown>> | null)?.[key];
  return typeof value === 'number' ? value : undefined;
}

/** What every owner answers. */
export function handlersOf(held: Held): Handlers {
  const live = <T>(
    what: string,
    use: (container: Container) => ResultAsync<T, HacoError>,
  ): ResultAsync<T, HacoError> => {
    const container = held.container();
    return container === undefined ? errAsync(between(what)) : use(container);
  };
  return {
    wait: () => new ResultAsync(held.end),
    stop: (argument) =>
      new ResultAsync(
        stopContainer(held, {
          signal: numberOf(argument, 'signal') ?? held.stopDefault().signal,
          timeoutMs: numberOf(argument, 'timeoutMs') ?? held.stopDefault().timeoutMs,
        }),
      ),
    kill: (argument) => {
      const signal = numberOf(argument, 'signal') ?? -1;
      if (ending.includes(signal)) held.stopRequested();
      return live('send it a signal', (container) => new ResultAsync(Promise.resolve(container.kill(signal))));
    },
    // Somebody saves it with CRIU, which ends it; or has tried to.
    expectEnd: (argument) => {
      held.endExpected((argument as { readonly expected?: unknown } | null)?.expected === true);
      return okAsync(null);
    },
    freeze: () => live('freeze it', (container) => container.freeze().map(() => held.paused(true))),
    thaw: () => live('thaw it', (container) => container.thaw().map(() => held.paused(false))),
    update: (argument) =>
      typeof argument === 'object' && argument !== null
        ? live('change its limits', (container) => container.update(argument as ContainerUpdate))
        : errAsync(new InvalidSpecError({ issues: [issue('', 'the changes must be an object')] })),
  };
}
