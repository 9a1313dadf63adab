/** A group by which perf(1) can count: v1 needs one of its own for that, on v2 any group serves. */
import { readBoolean } from '@haco/plan';
import type { Controller, Resource } from './controller.js';

const resource: Resource<'perfEvent', boolean, boolean> = {
  word: 'perfEvent',
  read: readBoolean,
  settings: (wanted) => (wanted ? [{ field: '', key: 'perf_event.group', value: '1' }] : []),
};

export const perfEvent = {
  name: 'perf_event',
  v2: 'always',
  // No file: being in the group is all.
  keys: { 'perf_event.group': { v1: () => [], v2: () => [] } },
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
