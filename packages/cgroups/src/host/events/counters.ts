/** Counters that only grow: what happened since one looked last. */
import { textOf } from '../files.js';
import { nestedIn } from '../nested-counters.js';
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

/**
 * Emits what has grown between one text and the next.
 *
 * @param last - the counts before the first text; left out: it is only kept
 */
export function countChanges(words: Words, emit: Emit, last?: readonly number[]): (text: string) => void {
  return (text) => {
    const now = words.map(([word]) => field(text, word) ?? 0);
    const before = last ?? now;
    last = now;
    words.forEach(([, type], index) => {
      const [was, is] = [before[index] ?? 0, now[index] ?? 0];
      // Fewer than before: another group of the same name, which began at 0.
      const count = is < was ? is : is - was;
      if (count > 0) emit({ type, count });
    });
  };
}

/** What has grown in one file of a group and of the groups below it, since one looked last. */
export interface TreeCounts {
  readonly look: () => void;
  /** As `look`, where there are groups below. */
  readonly lookBelow: () => void;
}

/**
 * Counts of v1, which stay in the group where something happened. What happened in a group that was made and removed between two
 * looks is not seen.
 */
export function treeCounts(path: string, file: string, words: Words, emit: Emit): TreeCounts {
  const counts = new Map<string, (text: string) => void>();
  // A group that comes later begins at 0; of those that are there already, what was before isn't told.
  let first: readonly number[] | undefined;
  const lookAt = (groups: readonly string[]): void => {
    for (const known of counts.keys()) if (!groups.includes(known)) counts.delete(known);
    for (const group of groups) {
      const text = textOf(`${group}/${file}`);
      if (text === undefined) continue;
      let count = counts.get(group);
      if (count === undefined) counts.set(group, (count = countChanges(words, emit, first)));
      count(text);
    }
    first = words.map(() => 0);
  };
  return {
    look: () => lookAt([path, ...nestedIn(path)]),
    lookBelow: () => {
      const below = nestedIn(path);
      if (below.length > 0) lookAt([path, ...below]);
      else for (const known of counts.keys()) if (known !== path) counts.delete(known);
    },
  };
}
