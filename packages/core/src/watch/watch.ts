/** Begins to watch a container that runs, and stops with it. */
import type { Group, GroupEvent, PressureTrigger } from '@haco/cgroups';
import { err, errAsync, ok, type Result } from 'neverthrow';
import { HookError, type HacoError, type RunningMoment } from '@haco/plan';
import { insideOf } from '../hooks/half-made.js';
import { log } from '../log.js';
import type { CoreMoment } from '../start/effects.js';
import { groupOf } from '../start/group-of.js';
import { noGroup, updateContainer } from '../update.js';
import { untilReady } from './ready.js';
import type { ContainerEvent, WatchContext, WatchSection } from './section.js';
import { runTimer } from './timer.js';

/** Begin. Everything ends with the moment's signal. Errors: `state`, when there is no cgroup whose events could be watched. */
export function watch(section: WatchSection, given: RunningMoment): Result<void, HacoError> {
  const moment = given as RunningMoment & CoreMoment;
  const { name, input, pid, signal, facts, shared } = moment;
  const group =
    section.timers.length + section.events.length + section.signals.length > 0 ? groupOf(input, name) : undefined;
  // One that was asked for and isn't there any more has gone with its container, or was left out as its caller allowed.
  const asked = Object.keys((input.spec['cgroups'] as object | undefined) ?? {}).length > 0;
  if (group === undefined && !asked && section.events.length > 0) return err(noGroup('watch its events'));
  const half = insideOf({ input, pid });
  const context = contextOf(moment, group, half.run);
  const stops: (() => void)[] = [half.close, () => group?.close()];
  const call = callWith(moment);

  for (const { run, ...schedule } of section.timers) {
    stops.push(runTimer(schedule, (count, stop) => call('timer', () => run.value({ ...context, count, stop }))));
  }
  for (const { signal: wanted, run } of section.signals) {
    const handler = (): void => void call(`onSignal("${wanted}")`, () => run.value(context));
    process.on(wanted, handler);
    stops.push(() => process.off(wanted, handler));
  }
  if (section.events.length > 0)
    void follow(section, moment, group, (entry, event) =>
      call(`onEvent("${entry.event}")`, () => entry.run.value(event, context)),
    );
  if (section.readiness.length > 0) {
    const inside = half.inside();
    shared.ready = untilReady(section.readiness, { pid, input, facts, inside }, signal);
  }
  signal.addEventListener(
    'abort',
    () => {
      for (const stop of stops) stop();
    },
    { once: true },
  );
  return ok();
}

/** A function of the caller that fails is a warning: the container goes on. */
function callWith({ name, input }: CoreMoment) {
  return async (what: string, run: () => unknown): Promise<void> => {
    const warn = (cause: unknown): void =>
      log(input.runtime, { container: name, level: 'warning', message: new HookError({ hook: what, cause }).message });
    try {
      const returned = await run();
      if (isErr(returned)) warn(returned.error);
    } catch (cause) {
      warn(cause);
    }
  };
}

function isErr(value: unknown): value is { readonly error: unknown } {
  return typeof value === 'object' && value !== null && 'isErr' in value && (value as Result<unknown, unknown>).isErr();
}

function contextOf(
  { name, input, pid, signal, shared, fail }: RunningMoment & CoreMoment,
  group: Group | undefined,
  run: WatchContext['run'],
): WatchContext {
  return {
    name,
    spec: input.spec,
    pid,
    metadata: input.spec.identity.metadata,
    shared: shared.values,
    signal,
    run,
    fail,
    log: (message) => log(input.runtime, { container: name, level: 'info', message: String(message) }),
    kill: (number) => !signal.aborted && process.kill(pid, number),
    update: (changes) =>
      signal.aborted ? errAsync(noGroup('change its limits')) : updateContainer(pid, group, changes),
    stats: () => (group === undefined ? err(noGroup('read its statistics')) : group.stats()),
  };
}

const pressures = { 'memory-pressure': 'memory', 'cpu-pressure': 'cpu', 'io-pressure': 'io' } as const;

/** Whether an event of the group is what was asked for. */
function isAsked(asked: ContainerEvent, event: GroupEvent): boolean {
  const resource = (pressures as Readonly<Record<string, string | undefined>>)[asked];
  return resource === undefined ? event.type === asked : event.type === 'pressure' && event.resource === resource;
}

async function follow(
  { events }: WatchSection,
  { name, input, signal }: CoreMoment,
  group: Group | undefined,
  call: (entry: WatchSection['events'][number], event: GroupEvent) => Promise<void>,
): Promise<void> {
  if (group === undefined) return;
  const pressure = events.flatMap(({ event, trigger }): PressureTrigger[] => {
    const resource = (pressures as Readonly<Record<string, PressureTrigger['resource'] | undefined>>)[event];
    return resource === undefined ? [] : [{ ...trigger, resource }];
  });
  for await (const event of group.events({ pressure, signal })) {
    if (event.type === 'unavailable') {
      log(input.runtime, { container: name, level: 'warning', message: event.error.message });
      continue;
    }
    for (const entry of events) if (isAsked(entry.event, event)) void call(entry, event);
  }
}
