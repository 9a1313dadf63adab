/** The number of processes and threads: the same files on v1 and v2. */
import { optional, readObject } from '@haco/plan';
import { asked, both, type Controller, type Resource } from './controller.js';
import { readWithin } from './units.js';

/** Limits of processes. */
export interface PidsResources {
  /** As {@link CgroupMethods.pids}: processes and threads at the same time. */
  readonly max?: number;
}

/** `PID_MAX_LIMIT` of 64-bit kernels. */
export const maxPids = 4_194_304;

const read = readObject({ max: optional(readWithin(1, maxPids, 'processes')) });

const resource: Resource<'pids', PidsResources, ReturnType<typeof read>> = {
  word: 'pids',
  read,
  settings: (limits) => asked('max', limits.max, 'pids.max'),
};

export const pids = {
  name: 'pids',
  // Says `max` for "no limit" on v1 too.
  keys: both('pids.max'),
  reports: { v1: ['pids.events', 'pids.peak'], v2: ['pids.events', 'pids.peak'] },
  resource,
} as const satisfies Controller;
