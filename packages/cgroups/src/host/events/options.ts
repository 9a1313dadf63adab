/** What `events()` is to listen to, as a caller in plain JavaScript may say it: names become paths, so they are checked. */
import { InvalidSpecError, nothing, plain, show, type HacoError, type Issue } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { isDuration, isOneOf, readOptions, type Check, type Checks } from '../options.js';
import type { PressureResource, PressureTrigger } from './event.js';

/** What to listen to besides what is always told. */
export interface EventsOptions {
  /** Shortages to be told of; a name stands for a trigger with default values. */
  readonly pressure?: readonly (PressureResource | PressureTrigger)[];
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/** {@link EventsOptions}, in order. */
export interface CheckedEvents {
  readonly pressure: readonly PressureTrigger[];
  readonly signal: AbortSignal | undefined;
}

const resources = ['memory', 'cpu', 'io', 'irq'] as const satisfies readonly PressureResource[];

const isSignal: Check = (value) => (value instanceof AbortSignal ? undefined : 'must be an AbortSignal');

const triggerChecks = {
  resource: isOneOf(resources),
  kind: isOneOf(['some', 'full']),
  stall: isDuration,
  window: isDuration,
  level: isOneOf(['low', 'medium', 'critical']),
} as const satisfies Checks<PressureTrigger>;

function readTrigger(
  given: PressureResource | PressureTrigger,
  path: string,
): Result<PressureTrigger, readonly Issue[]> {
  const trigger = typeof given === 'string' ? plain({ resource: given }) : given;
  return readOptions(trigger, triggerChecks, path)
    .mapErr((error) => (error.kind === 'invalid-spec' ? error.issues : []))
    .mapErr((issues) =>
      issues.map((one) =>
        one.path === path ? one : { ...one, path: typeof given === 'string' ? path : `${path}.${one.path}` },
      ),
    )
    .andThen((read) => {
      // A missing one isn't looked at by the checks of what is there.
      if (read.resource as unknown) return ok(read);
      return err([{ path: `${path}.resource`, message: `${show(undefined)} is none of ${resources.join(', ')}` }]);
    });
}

/** Check them. Errors: `invalid-spec`, with every problem. */
export function readEvents(options: EventsOptions = nothing): Result<CheckedEvents, HacoError> {
  const isList: Check = (value) => (Array.isArray(value) ? undefined : 'must be a list');
  const checks = { pressure: isList, signal: isSignal } satisfies Checks<EventsOptions>;
  return readOptions(options, checks).andThen(({ pressure = [], signal }) => {
    const triggers = pressure.map((one, index) => readTrigger(one, `pressure[${String(index)}]`));
    const issues = triggers.flatMap((one) => (one.isErr() ? [...one.error] : []));
    if (issues.length > 0) return err<CheckedEvents, HacoError>(new InvalidSpecError({ issues }));
    return ok({ pressure: triggers.flatMap((one) => (one.isOk() ? [one.value] : [])), signal });
  });
}
