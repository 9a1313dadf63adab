/** Countable things of the machine that have no controller of their own, such as keys of encrypted virtual machines. */
import { both, type Controller, type Resource } from './controller.js';
import { plainName, readNamed, readWithin } from './units.js';

/** How many of each, by the names in `misc.capacity`: `{ sev: 3 }`. */
export type MiscResources = Readonly<Record<string, number>>;

const read = readNamed(plainName, 'a name of misc.capacity', readWithin(0, Number.MAX_SAFE_INTEGER));

const resource: Resource<'misc', MiscResources, ReturnType<typeof read>> = {
  word: 'misc',
  read,
  settings: (limits) =>
    Object.entries(limits).map(([name, count]) => ({
      field: `[${JSON.stringify(name)}]`,
      key: 'misc.max',
      value: `${name} ${String(count)}`,
    })),
};

export const misc = {
  name: 'misc',
  keys: both('misc.max'),
  itemOf: (_file, value) => value.split(' ')[0] ?? '',
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
