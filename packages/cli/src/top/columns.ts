/** The columns of `haco top`, and how they are sorted. */
import type { Column } from '../view/table.js';
import { bytes, duration, percent } from '../view/units.js';
import type { Usage } from './sample.js';

const or = <T>(value: T | undefined, show: (value: T) => string): string => (value === undefined ? '-' : show(value));
const perSecond = (count: number): string => `${bytes(count)}/s`;

/** In the order of the table. */
export const columns: readonly Column<Usage>[] = [
  { heading: 'NAME', cell: ({ name }) => name, most: 24 },
  { heading: 'STATUS', cell: ({ status }) => status },
  { heading: 'PID', cell: ({ pid }) => or(pid, String), align: 'right' },
  { heading: 'CPU', cell: ({ cpuPercent }) => or(cpuPercent, percent), align: 'right' },
  { heading: 'MEMORY', cell: ({ memoryBytes }) => or(memoryBytes, bytes), align: 'right' },
  { heading: 'LIMIT', cell: ({ memoryMaxBytes }) => or(memoryMaxBytes, bytes), align: 'right' },
  {
    heading: 'PIDS',
    cell: ({ pids, pidsMax }) => (pidsMax === undefined ? or(pids, String) : `${or(pids, String)}/${String(pidsMax)}`),
    align: 'right',
  },
  { heading: 'READ', cell: ({ readBytesPerSecond }) => or(readBytesPerSecond, perSecond), align: 'right' },
  { heading: 'WRITE', cell: ({ writeBytesPerSecond }) => or(writeBytesPerSecond, perSecond), align: 'right' },
  { heading: 'PSI CPU', cell: ({ pressure }) => or(pressure.cpu, percent), align: 'right' },
  { heading: 'MEM', cell: ({ pressure }) => or(pressure.memory, percent), align: 'right' },
  { heading: 'IO', cell: ({ pressure }) => or(pressure.io, percent), align: 'right' },
  { heading: 'UP', cell: ({ upMs }) => or(upMs, duration), align: 'right' },
];

/** What a table may be sorted by. */
export const sortKeys = ['cpu', 'memory', 'pids', 'io', 'name'] as const;

/** One of {@link sortKeys}. */
export type SortKey = (typeof sortKeys)[number];

const weight: Readonly<Record<Exclude<SortKey, 'name'>, (usage: Usage) => number>> = {
  cpu: ({ cpuPercent }) => cpuPercent ?? -1,
  memory: ({ memoryBytes }) => memoryBytes ?? -1,
  pids: ({ pids }) => pids ?? -1,
  io: ({ readBytesPerSecond: read, writeBytesPerSecond: write }) =>
    read === undefined && write === undefined ? -1 : (read ?? 0) + (write ?? 0),
};

/** The largest first; names in their order. */
export function sorted(usages: readonly Usage[], key: SortKey): readonly Usage[] {
  const byName = (a: Usage, b: Usage): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  if (key === 'name') return [...usages].sort(byName);
  return [...usages].sort((a, b) => weight[key](b) - weight[key](a) || byName(a, b));
}
