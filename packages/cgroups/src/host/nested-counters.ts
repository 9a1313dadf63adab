/** Counters that v1 keeps in the group where something happened: v2 adds them up to the groups above by itself. */
import { statSync } from 'node:fs';
import { textOf } from './files.js';
import { descendants } from './members.js';

/** Links of a directory that has none in it: its name, and its own `.`. The kernel counts a link for each group below. */
const linksOfLeaf = 2;

/** Whoever may make groups could keep Node busy with looking at them. */
const mostNested = 1000;

/** Groups below a directory, of which no more than a thousand are looked at. That there are none, as nearly always, costs one call: snapshots are taken of hundreds of groups. */
export function nestedIn(path: string): readonly string[] {
  const links = statSync(path, { throwIfNoEntry: false })?.nlink ?? linksOfLeaf;
  return links === linksOfLeaf ? [] : descendants(path, mostNested);
}

/** The same file of all groups below. */
export type ReadNested = (file: string) => readonly string[];

/** Where the kernel counts for the groups below too. */
export const nothingNested: ReadNested = () => [];

/** Reads them below a directory of v1; which groups there are is looked up at the first file. */
export function nestedReader(path: string): ReadNested {
  let groups: readonly string[] | undefined;
  return (file) => {
    groups ??= nestedIn(path);
    return groups.flatMap((group) => textOf(`${group}/${file}`) ?? []);
  };
}

/** A counter of a group together with those of the groups below; undefined when the group itself has none. */
export function withNested(
  own: string | undefined,
  nested: readonly string[],
  count: (text: string | undefined) => number | undefined,
): number | undefined {
  const first = count(own);
  return first === undefined ? undefined : nested.reduce((sum, text) => sum + (count(text) ?? 0), first);
}
