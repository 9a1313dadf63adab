/** The resource limits that the kernel knows: one table. */

/** How a limit is counted, which decides what texts are understood. */
export type RlimitUnit = 'bytes' | 'seconds' | 'microseconds' | 'number';

/**
 * All limits of Linux. A row is: number for `prlimit(2)` (the same on x64 and arm64), unit, and what it limits.
 *
 * @see getrlimit(2)
 */
export const rlimitKinds = {
  cpu: { number: 0, unit: 'seconds', limits: 'CPU time of the process' },
  fsize: { number: 1, unit: 'bytes', limits: 'the size of files that it writes' },
  data: { number: 2, unit: 'bytes', limits: 'its data segment and private writable mappings' },
  stack: { number: 3, unit: 'bytes', limits: 'its main stack, arguments and environment included' },
  core: { number: 4, unit: 'bytes', limits: 'the size of a core dump' },
  rss: { number: 5, unit: 'bytes', limits: 'nothing since Linux 2.4.30' },
  nproc: { number: 6, unit: 'number', limits: 'the processes and threads of the real user, on the whole host' },
  nofile: { number: 7, unit: 'number', limits: 'one more than the highest file descriptor' },
  memlock: { number: 8, unit: 'bytes', limits: 'memory that may be locked' },
  as: { number: 9, unit: 'bytes', limits: 'its address space' },
  locks: { number: 10, unit: 'number', limits: 'nothing since Linux 2.4.25' },
  sigpending: { number: 11, unit: 'number', limits: 'the queued signals of the real user' },
  msgqueue: { number: 12, unit: 'bytes', limits: 'POSIX message queues of the real user' },
  nice: { number: 13, unit: 'number', limits: 'how far the nice value may be lowered, as 20 minus nice' },
  rtprio: { number: 14, unit: 'number', limits: 'the real-time priority' },
  rttime: { number: 15, unit: 'microseconds', limits: 'CPU time in real-time scheduling between blocking calls' },
} as const satisfies Readonly<Record<string, { number: number; unit: RlimitUnit; limits: string }>>;

/** Name of a limit, as in `getrlimit(2)` without the prefix, in lower case. */
export type RlimitKind = keyof typeof rlimitKinds;

/** Number of a limit, as in `prlimit(2)`. */
export type RlimitNumber = (typeof rlimitKinds)[RlimitKind]['number'];

/** A limit in any of the usual spellings: `nofile`, `NOFILE`, `RLIMIT_NOFILE`, 7. */
export type RlimitName = RlimitKind | Uppercase<RlimitKind> | `RLIMIT_${Uppercase<RlimitKind>}` | RlimitNumber;

const byNumber: ReadonlyMap<string, RlimitKind> = new Map(
  Object.entries(rlimitKinds).map(([kind, { number }]) => [String(number), kind as RlimitKind]),
);

/** The kind that a name means, in any spelling; undefined when the kernel has none such. */
export function rlimitKind(name: unknown): RlimitKind | undefined {
  if (typeof name === 'number') return byNumber.get(String(name));
  if (typeof name !== 'string') return undefined;
  const kind = name.toLowerCase().replace(/^rlimit_/, '');
  // Keys of objects are texts, also those that were written as numbers.
  return Object.hasOwn(rlimitKinds, kind) ? (kind as RlimitKind) : byNumber.get(name);
}
