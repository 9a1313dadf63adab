/** The number of processes and threads: the same files on v1 and v2. */
import { unlimited, type Controller, type Spell } from './controller.js';

// Says `max` for "no limit" on v1 too.
const max: Spell = (value) => [['pids.max', unlimited(2, value)]];

export const pids = {
  name: 'pids',
  keys: { 'pids.max': { v1: max, v2: max } },
  reports: { v1: ['pids.events', 'pids.peak'], v2: ['pids.events', 'pids.peak'] },
} as const satisfies Controller;
