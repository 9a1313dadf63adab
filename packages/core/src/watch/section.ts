/** What Node does while a container runs: timers, readiness, events, signals. */
import type { GroupEvent, GroupStats, PressureTrigger } from '@haco/cgroups';
import type { Result, ResultAsync } from 'neverthrow';
import type { Duration, HacoError, Live } from '@haco/plan';
import type { HookContext } from '../hooks/section.js';
import type { ContainerUpdate, UpdateReport } from '../update.js';

/** The container that runs, for functions that are called meanwhile. */
export interface WatchContext extends Pick<
  HookContext,
  'name' | 'spec' | 'metadata' | 'shared' | 'signal' | 'run' | 'log'
> {
  /** The container's first process as the host sees it. */
  readonly pid: number;
  /** Send it a signal; false when it has ended. */
  kill(signal: NodeJS.Signals): boolean;
  /** Change its limits; see `container.update()`. */
  update(changes: ContainerUpdate): ResultAsync<UpdateReport, HacoError>;
  /** What it uses now; see `container.stats()`. */
  stats(): Result<GroupStats, HacoError>;
  /** End the container; this error is its answer. */
  fail(error: HacoError): void;
}

/** What a timer's function is called with. */
export interface TimerContext extends WatchContext {
  /** Which call this is, from 1. */
  readonly count: number;
  /** Don't call it any more. */
  stop(): void;
}

/** Also a promise; an error that comes back in a Result is told, all else is ignored. */
type Returned = unknown;

/** What a timer calls. */
export type TimerHandler = (context: TimerContext) => Returned;
/** What an event calls. */
export type EventHandler = (event: GroupEvent, context: WatchContext) => Returned;
/** What a signal to this process calls. */
export type SignalHandler = (context: WatchContext) => Returned;

/** When a timer calls: `after` some time, `every` so often, so many `times`. */
export interface TimerOptions {
  /** Time until the first call; `every` without it. */
  readonly after?: Duration;
  /** Time between calls; without it there is only one. The next call waits for the one before. */
  readonly every?: Duration;
  /** How many calls; without it, as long as the container runs. */
  readonly times?: number;
}

/** How a container shows that it is ready: exactly one of `port`, `file`, `command` and `http`. */
export interface ReadinessCheck {
  /** Something listens on this TCP port, on any address of the container's network. */
  readonly port?: number;
  /** This path exists inside. */
  readonly file?: string;
  /** This command, run inside, ends with 0. */
  readonly command?: readonly [file: string, ...args: string[]];
  /** This address (`http://…`), asked from within its network, answers with a status below 400. */
  readonly http?: string;
  /** Time between two looks; 20 ms without it for a port or a file, 250 ms for the others. */
  readonly interval?: Duration;
  /** When to give up; 60 s without it. */
  readonly timeout?: Duration;
}

/** What can be waited for: events of its cgroup, or a shortage of a resource. */
export type ContainerEvent =
  Exclude<GroupEvent['type'], 'pressure' | 'unavailable'> | 'memory-pressure' | 'cpu-pressure' | 'io-pressure';

/** One timer of the spec. */
export interface TimerEntry {
  readonly afterMs: number;
  readonly everyMs?: number;
  readonly times?: number;
  readonly run: Live<TimerHandler>;
}

/** One condition of readiness. */
export interface ReadinessEntry extends Pick<ReadinessCheck, 'port' | 'file' | 'command' | 'http'> {
  /** Time between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** When to give up, in milliseconds. */
  readonly timeoutMs: number;
}

/** One subscription of events. */
export interface EventEntry {
  readonly event: ContainerEvent;
  readonly trigger?: Omit<PressureTrigger, 'resource'>;
  readonly run: Live<EventHandler>;
}

/** One handler of a signal. */
export interface SignalEntry {
  readonly signal: NodeJS.Signals;
  readonly run: Live<SignalHandler>;
}

/** Section `watch` of the spec. */
export interface WatchSection {
  readonly timers: readonly TimerEntry[];
  readonly readiness: readonly ReadinessEntry[];
  readonly events: readonly EventEntry[];
  readonly signals: readonly SignalEntry[];
}
