/** What events are made of, without a kernel. */
import { expect, test } from 'vitest';
import { countChanges, memoryWords, pidsWords } from './counters.js';
import { triggerText } from './pressure.js';
import { parseState, stateChanges } from './state.js';

test('a counter tells what it grew by, and not what it was before', () => {
  const events: unknown[] = [];
  const take = countChanges(memoryWords, (event) => events.push(event));
  take('low 0\nhigh 5\nmax 1\noom 0\noom_kill 0\n');
  take('low 0\nhigh 5\nmax 3\noom 1\noom_kill 1\n');
  take('low 0\nhigh 5\nmax 3\noom 1\noom_kill 1\n');
  expect(events).toEqual([
    { type: 'memory-max', count: 2 },
    { type: 'oom', count: 1 },
    { type: 'oom-kill', count: 1 },
  ]);
});

test('a counter that begins anew tells what it has since', () => {
  const events: unknown[] = [];
  const take = countChanges(pidsWords, (event) => events.push(event), [0]);
  take('max 3\n');
  take('max 1\n');
  expect(events).toEqual([
    { type: 'pids-limit', count: 3 },
    { type: 'pids-limit', count: 1 },
  ]);
});

test('a state tells when it changes', () => {
  const events: { readonly type: string }[] = [];
  const take = stateChanges((event) => events.push(event));
  for (const text of [
    'populated 0\nfrozen 0\n',
    'populated 1\nfrozen 0\n',
    'populated 1\nfrozen 1\n',
    'populated 0\nfrozen 0\n',
  ])
    take(parseState(text));
  expect(events.map(({ type }) => type)).toEqual(['populated', 'frozen', 'empty', 'thawed']);
});

test('a trigger is written in microseconds', () => {
  expect(triggerText({ resource: 'cpu' })._unsafeUnwrap()).toBe('some 150000 2000000');
  expect(triggerText({ resource: 'io', kind: 'full', stall: 50, window: '4s' })._unsafeUnwrap()).toBe(
    'full 50000 4000000',
  );
  expect(triggerText({ resource: 'io', stall: 'soon' }).isErr()).toBe(true);
});
