/** The controllers that haco has words for. To add one: a file, and a line here. */
import { plain } from '@haco/plan';
import type { Controller, Key } from './controller.js';
import { cpu } from './cpu.js';
import { cpuacct } from './cpuacct.js';
import { cpuset } from './cpuset.js';
import { devices } from './devices.js';
import { freezer } from './freezer.js';
import { group } from './group.js';
import { hugetlb } from './hugetlb.js';
import { io } from './io.js';
import { memory } from './memory.js';
import { misc } from './misc.js';
import { netCls } from './net-cls.js';
import { netPrio } from './net-prio.js';
import { perfEvent } from './perf-event.js';
import { pids } from './pids.js';
import { rdma } from './rdma.js';

const list = plain([
  cpuset,
  cpu,
  cpuacct,
  memory,
  pids,
  io,
  devices,
  hugetlb,
  perfEvent,
  netCls,
  netPrio,
  rdma,
  misc,
  group,
  // Last: a group that is frozen takes part in nothing else.
  freezer,
] as const satisfies readonly Controller[]);

export const controllers: readonly Controller[] = list;

type Resourceful = Extract<(typeof list)[number], { readonly resource: unknown }>['resource'];

/** Limits by resource, as people write them: sizes and durations may be text. */
export type Resources = {
  readonly [R in Resourceful as R['word']]?: NonNullable<R['~input']>;
};

/** {@link Resources} in base units: bytes, milliseconds. */
export type ResourceLimits = {
  readonly [R in Resourceful as R['word']]?: ReturnType<R['read']>;
};

const byName = new Map(controllers.flatMap((one) => [one.name, one.v1Name ?? one.name].map((name) => [name, one])));
const byKey = new Map(controllers.flatMap((one) => Object.keys(one.keys).map((key) => [key, one])));

/** The controller of this name on v1 or v2, if haco has words for it. */
export function controllerNamed(name: string): Controller | undefined {
  return byName.get(name);
}

/** The controller that a key belongs to, if haco has words for it. */
export function controllerWith(key: string): Controller | undefined {
  return byKey.get(key) ?? byName.get(key.slice(0, Math.max(0, key.indexOf('.'))));
}

/** What haco knows of a key. */
export function keyNamed(key: string): Key | undefined {
  const controller = controllerWith(key);
  if (controller === undefined) return undefined;
  return Object.hasOwn(controller.keys, key) ? controller.keys[key] : controller.keyFor?.(key);
}
