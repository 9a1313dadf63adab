/** What the planning of one entry gets and gives. */
import { type Need, type Operation, type Step, plain } from '@haco/plan';
import type { Situation } from '../situation.js';
import type { Target } from '../target.js';

/** The surroundings of an entry. */
export interface EntryContext {
  readonly situation: Situation;
  readonly index: number;
  /** The nearest throw-away mount above a path, as it stands when this entry is reached. */
  readonly throwAwayAbove: (path: string) => string | undefined;
}

/** A mount of this part with what the kernel demands for it. */
export interface EntryFields {
  readonly id: string;
  readonly label: string;
  readonly why: string;
  readonly operations: readonly Operation[];
  readonly source: string;
  readonly needs?: readonly Need[];
  readonly requires?: readonly string[];
}

/** The step of an entry. */
export function entryStep({ situation, index }: EntryContext, fields: EntryFields): Step {
  const { needs = [], requires = [], ...rest } = plain(fields);
  return {
    phase: 'mounts',
    ...rest,
    from: `mounts.entries[${String(index)}]`,
    needs: [situation.mayMount, ...needs],
    requires: ['open_tree', 'openat2', ...requires],
  };
}

/** Where an entry goes. */
export function targetOf({ throwAwayAbove }: EntryContext, path: string, like: Target['like']): Target {
  const throwAway = throwAwayAbove(path);
  return { path, like, ...(throwAway === undefined ? {} : { throwAway }) };
}
