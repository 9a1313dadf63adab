/** Priority of a group's packets by network interface; v1 only. */
import { onlyV1, type Controller, type Resource } from './controller.js';
import { readNamed, readWithin } from './units.js';

/** Priorities by interface: `{ eth0: 5 }`. */
export type NetPrioResources = Readonly<Record<string, number>>;

const read = readNamed(/^[^\s/]{1,15}$/, 'the name of a network interface', readWithin(0, 0xffff_ffff));

const resource: Resource<'netPrio', NetPrioResources, ReturnType<typeof read>> = {
  word: 'netPrio',
  read,
  settings: (limits) =>
    Object.entries(limits).map(([name, priority]) => ({
      field: `[${JSON.stringify(name)}]`,
      key: 'net_prio.ifpriomap',
      value: `${name} ${String(priority)}`,
    })),
};

export const netPrio = {
  name: 'net_prio',
  v2: 'never',
  keys: onlyV1('net_prio.ifpriomap'),
  itemOf: (_file, value) => value.split(' ')[0] ?? '',
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
