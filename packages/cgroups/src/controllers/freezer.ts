/** Stopping all processes of a group, and letting them go on. */
import { readBoolean } from '@haco/plan';
import { file, type Controller, type Resource, type Spell } from './controller.js';

const stateToFreeze: Spell = (value) =>
  value === 'FROZEN' ? [['cgroup.freeze', '1']] : value === 'THAWED' ? [['cgroup.freeze', '0']] : undefined;

const freezeToState: Spell = (value) =>
  value === '1' ? [['freezer.state', 'FROZEN']] : value === '0' ? [['freezer.state', 'THAWED']] : undefined;

const words = 'write FROZEN or THAWED, or 1 or 0';

const resource: Resource<'freeze', boolean, boolean> = {
  word: 'freeze',
  read: readBoolean,
  settings: (frozen) => [{ field: '', key: 'freezer.state', value: frozen ? 'FROZEN' : 'THAWED' }],
};

export const freezer = {
  name: 'freezer',
  v2: 'always',
  // What v1 has frozen doesn't even notice SIGKILL, so it would outlive whoever froze it. `cgroup.freeze` is of Linux 5.2.
  preferV2: '5.2',
  keys: {
    'freezer.state': { v1: file('freezer.state'), v2: stateToFreeze, instead: words },
    'cgroup.freeze': { v1: freezeToState, v2: file('cgroup.freeze'), instead: words },
  },
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
