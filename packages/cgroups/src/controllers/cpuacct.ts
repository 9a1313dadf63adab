/** Counting of CPU time: a controller of its own on v1, in every group on v2. */
import { file, onlyV1, type Controller } from './controller.js';

export const cpuacct = {
  name: 'cpuacct',
  v2: 'always',
  keys: {
    // A new group of v2 begins at 0 too.
    'cpuacct.usage': { v1: file('cpuacct.usage'), v2: (value) => (value === '0' ? [] : undefined) },
    ...onlyV1('cpuacct.usage_percpu', 'cpuacct.stat'),
  },
  reports: { v1: ['cpuacct.usage_user', 'cpuacct.usage_sys'], v2: ['cpu.stat'] },
} as const satisfies Controller;
