/** Handles and objects of RDMA adapters. */
import { optional, readObject } from '@haco/plan';
import { both, type Controller, type Resource } from './controller.js';
import { plainName, readNamed, readWithin } from './units.js';

/** Limits of one adapter. */
export interface RdmaLimits {
  readonly hcaHandles?: number;
  readonly hcaObjects?: number;
}

/** Limits by adapter: `{ mlx5_0: { hcaHandles: 2 } }`. */
export type RdmaResources = Readonly<Record<string, RdmaLimits>>;

const count = readWithin(0, 0x7fff_ffff);
const read = readNamed(
  plainName,
  'the name of an adapter',
  readObject({ hcaHandles: optional(count), hcaObjects: optional(count) }),
);

const resource: Resource<'rdma', RdmaResources, ReturnType<typeof read>> = {
  word: 'rdma',
  read,
  settings: (limits) =>
    Object.entries(limits).flatMap(([name, { hcaHandles, hcaObjects }]) => {
      const words = [
        ...(hcaHandles === undefined ? [] : [`hca_handle=${String(hcaHandles)}`]),
        ...(hcaObjects === undefined ? [] : [`hca_object=${String(hcaObjects)}`]),
      ];
      if (words.length === 0) return [];
      return [{ field: `[${JSON.stringify(name)}]`, key: 'rdma.max', value: [name, ...words].join(' ') }];
    }),
};

export const rdma = {
  name: 'rdma',
  keys: both('rdma.max'),
  itemOf: (_file, value) => value.replace(/=\S+/g, ''),
  reports: { v1: [], v2: [] },
  resource,
} as const satisfies Controller;
