/** What happens in a group, as an async iterable: no thread waits for it, and a timer only for what v1 doesn't announce. */
import { existsSync } from 'node:fs';
import type { HacoError } from '@haco/plan';
import type { Result } from 'neverthrow';
import { freezerOf } from '../freeze.js';
import type { GroupDir } from '../group-dir.js';
import { treePidsOf } from '../members.js';
import { countChanges, memoryWords, oomControlWords, pidsWords, treeCounts } from './counters.js';
import type { Emit, GroupEvent, Source } from './event.js';
import { watchFile } from './kernel-file.js';
import { readEvents, type CheckedEvents, type EventsOptions } from './options.js';
import { watchRemoval } from './removal.js';
import { watchPressure } from './pressure.js';
import { parseState, stateChanges } from './state.js';
import { watchEventfd } from './v1-eventfd.js';

export type { GroupEvent, PressureResource, PressureTrigger } from './event.js';
export type { EventsOptions } from './options.js';

/**
 * v1 is looked at from time to time: nothing tells when a group is empty but `release_agent`, a program that the kernel starts as
 * root, and `pids.events` of v1 no longer announces its changes (kernel 6.18).
 */
const v1PollMs = 200;

/** The kernel kills some time after it told that memory is out. */
const oomKillDelaysMs = [0, 5, 50, 500];

/** How many events wait for a slow reader; then the oldest go. */
const maxWaiting = 10_000;

/** Everything that emits for these directories. */
function openSources(dirs: readonly GroupDir[], options: CheckedEvents, emit: Emit): readonly Source[] {
  const sources: Source[] = [];
  const add = (what: string, source: Result<Source, HacoError>, isWanted = false): void => {
    if (source.isOk()) sources.push(source.value);
    else if (isWanted) emit({ type: 'unavailable', what, error: source.error });
  };
  const first = dirs[0]?.path ?? '';
  const isGone = (): boolean => !existsSync(first);
  const polled: (() => void)[] = [];
  const counted = (path: string, words: Parameters<typeof countChanges>[0]): void => {
    const count = countChanges(words, emit);
    const take = (text: string | undefined): void => {
      if (text !== undefined) count(text);
    };
    add(path, watchFile(path, take));
  };
  const removed = watchRemoval(first, () => emit({ type: 'removed' }));
  if (removed === undefined) polled.push(() => (isGone() ? emit({ type: 'removed' }) : undefined));
  else sources.push(removed);

  const v2 = dirs.find(({ version }) => version === 2);
  const state = stateChanges(emit);
  if (v2 !== undefined) {
    add(
      'state',
      watchFile(`${v2.path}/cgroup.events`, (text) => {
        if (text !== undefined) state(parseState(text));
      }),
      true,
    );
  }
  if (v2 === undefined) {
    const freezer = freezerOf(dirs);
    polled.push(() => state({ populated: treePidsOf(dirs).length > 0, frozen: freezer?.isFrozen() }));
  }
  for (const { version, path, controllers } of dirs) {
    if (controllers.includes('pids')) {
      if (version === 2) counted(`${path}/pids.events`, pidsWords);
      else polled.push(treeCounts(path, 'pids.events', pidsWords, emit).look);
    }
    if (!controllers.includes('memory')) continue;
    if (version === 2) counted(`${path}/memory.events`, memoryWords);
    else sources.push(...v1Memory(path, emit, add, isGone, polled));
  }
  for (const trigger of options.pressure) {
    add(`pressure of ${trigger.resource}`, watchPressure(dirs, trigger, emit, isGone), true);
  }
  if (polled.length > 0) {
    const look = (): void => {
      for (const one of polled) one();
    };
    look();
    const timer = setInterval(look, v1PollMs);
    sources.push({ close: () => clearInterval(timer) });
  }
  return sources;
}

function v1Memory(
  path: string,
  emit: Emit,
  add: (what: string, source: Result<Source, HacoError>, isWanted?: boolean) => void,
  isGone: () => boolean,
  polled: (() => void)[],
): readonly Source[] {
  const timers = new Set<NodeJS.Timeout>();
  const { look, lookBelow } = treeCounts(path, 'memory.oom_control', oomControlWords, emit);
  look();
  // The limit of a group below is told to that group alone.
  polled.push(lookBelow);
  add(
    'oom',
    watchEventfd(path, 'memory.oom_control', '', (times) => {
      // Also told when the group is removed.
      if (isGone()) return;
      emit({ type: 'oom', count: times });
      for (const delay of oomKillDelaysMs) {
        const timer = setTimeout(() => {
          timers.delete(timer);
          look();
        }, delay);
        timers.add(timer);
      }
    }),
    true,
  );
  return [
    {
      close: () => {
        for (const timer of timers) clearTimeout(timer);
      },
    },
  ];
}

/** Nothing is watched when the options make no sense: this one event says why. */
async function* refused(error: HacoError): AsyncIterableIterator<GroupEvent> {
  yield await Promise.resolve({ atMs: Date.now(), type: 'unavailable', what: 'events', error });
}

/** Listen from now on, not only from the first step of the iteration. */
export function watchGroup(dirs: readonly GroupDir[], given: EventsOptions): AsyncIterableIterator<GroupEvent> {
  const read = readEvents(given);
  if (read.isErr()) return refused(read.error);
  const options = read.value;
  const waiting: GroupEvent[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  let sources: readonly Source[] = [];
  const close = (): void => {
    ended = true;
    for (const source of sources) source.close();
    sources = [];
    options.signal?.removeEventListener('abort', close);
    wake?.();
  };
  const emit: Emit = (event) => {
    if (ended) return;
    if (waiting.length >= maxWaiting) waiting.shift();
    waiting.push({ atMs: Date.now(), ...event } as GroupEvent);
    if (event.type === 'removed') close();
    wake?.();
  };
  if (options.signal?.aborted === true) {
    ended = true;
  } else {
    options.signal?.addEventListener('abort', close);
    const opened = openSources(dirs, options, emit);
    // The group may have been gone already.
    if (ended) for (const source of opened) source.close();
    else sources = opened;
  }
  const next = async (): Promise<IteratorResult<GroupEvent>> => {
    for (;;) {
      const value = waiting.shift();
      if (value !== undefined) return { done: false, value };
      if (ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    next,
    return: () => {
      waiting.length = 0;
      close();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
