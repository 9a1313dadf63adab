/** Counters that only grow: what happened since one looked last. */
import { field } from '../stats/text.js';
import type { Emit, GroupEvent } from './event.js';

type CountedType = Extract<GroupEvent, { readonly count: number }>['type'];

/** Words of a file and the events that they mean, in the order in which they happen. */
export type Words = readonly (readonly [word: string, type: CountedType])[];

export const memoryWords: Words = [
  ['high', 'memory-high'],
  ['max', 'memory-max'],
  ['oom', 'oom'],
  ['oom_kill', 'oom-kill'],
];

export const pidsWords: Words = [['max', 'pids-limit']];

/** v1 says by an eventfd that memory is out, and counts the kills here. */
export const oomControlWords: Words = [['oom_kill', 'oom-kill']];

/** Emits what has grown between one text and the next. */
export function countChanges(words: Words, emit: Emit): (text: string) => void {
  let last: readonly number[] | undefined;
  return (text) => {
    const now = words.map(([word]) => field(text, word) ?? 0);
    const before = last ?? now;
    last = now;
    words.forEach(([, type], index) => {
      const count = (now[index] ?? 0) - (before[index] ?? 0);
      if (count > 0) emit({ type, count });
    });
  };
}
