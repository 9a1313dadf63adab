/** `linux.resources`: limits, as keys of cgroups, which haco spells for v1 and v2. */
import { InvalidSpecError, quote } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import type { CgroupsSection, DeviceRule } from '@haco/cgroups';
import { defaultDeviceRules } from '../default-devices.js';
import { addBlockWeights, ioOf } from './block-io.js';
import { Import } from './import.js';
import { readResourcesOf, saysNothing, type Config } from './schema.js';

export type Resources = NonNullable<NonNullable<Config['linux']>['resources']>;

export function importResources({ linux = {} }: Pick<Config, 'linux'>, into: Import): void {
  const { resources = {} } = linux;
  const keys = new Map<string, string>();
  const add = (key: string, value: number | string | undefined, origin: string): void => {
    if (value === undefined || value === '') return;
    // -1 takes a limit away, other negative numbers mean nothing; the kernel would only say EINVAL.
    if (typeof value === 'number' && value < -1) {
      return into.wrong(`linux.resources.${origin}`, `${String(value)} is no limit; -1 is the lowest, and means none`);
    }
    keys.set(key, String(value));
    into.cameFrom(`cgroups.keys.${key}`, `linux.resources.${origin}`);
  };
  addMemory(resources, add);
  addCpu(resources, add);
  const limit = resources.pids?.limit;
  add('pids.max', limit === undefined ? undefined : limit > 0 ? limit : 'max', 'pids.limit');
  (resources.hugepageLimits ?? []).forEach((each, index) => {
    if (/^\d+[KMG]B$/.test(each.pageSize)) {
      return add(`hugetlb.${each.pageSize}.limit_in_bytes`, each.limit, `hugepageLimits[${String(index)}].limit`);
    }
    into.wrong(
      `linux.resources.hugepageLimits[${String(index)}].pageSize`,
      `${quote(each.pageSize)} is no size of pages; write one such as "2MB"`,
    );
  });
  add('net_cls.classid', resources.network?.classID, 'network.classID');
  for (const [key, value] of Object.entries(resources.unified ?? {})) add(key, value, `unified.${key}`);
  addBlockWeights(resources, add, into);
  if (keys.size > 0) into.set('cgroups', 'keys', Object.fromEntries(keys), 'linux.resources');
  const typed = { ...devicesOf(resources), ...ioOf(resources, into), ...namedOf(resources, into) };
  if (Object.keys(typed).length > 0) into.set('cgroups', 'resources', typed, 'linux.resources');
  if (typed.devices !== undefined) into.cameFrom('cgroups.resources.devices', 'linux.resources.devices');
  reportMissing(resources, into);
}

/**
 * The section of limits alone, for a container that runs. Errors: `invalid-spec`.
 *
 * @param json - what stands in `linux.resources`
 */
export function sectionOfResources(json: unknown): Result<CgroupsSection, InvalidSpecError> {
  const into = new Import([], true);
  const read = readResourcesOf(json, into);
  if (into.issues.length === 0) importResources({ linux: { resources: read } }, into);
  if (into.issues.length > 0) return err(new InvalidSpecError({ issues: into.issues }));
  return ok((into.sections['cgroups'] ?? {}) as CgroupsSection);
}

export type Add = (key: string, value: number | string | undefined, origin: string) => void;

/** 0 is how encoders of Go say nothing, where it would make no sense: no process lives with such a limit, weight or period. */
const set = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

function addMemory({ memory = {} }: Resources, add: Add): void {
  add('memory.limit_in_bytes', set(memory.limit), 'memory.limit');
  add('memory.soft_limit_in_bytes', set(memory.reservation), 'memory.reservation');
  add('memory.memsw.limit_in_bytes', set(memory.swap), 'memory.swap');
  add('memory.kmem.limit_in_bytes', set(memory.kernel), 'memory.kernel');
  add('memory.kmem.tcp.limit_in_bytes', set(memory.kernelTCP), 'memory.kernelTCP');
  add('memory.swappiness', memory.swappiness, 'memory.swappiness');
  add('memory.oom_control', memory.disableOOMKiller === true ? 1 : undefined, 'memory.disableOOMKiller');
}

function addCpu({ cpu = {} }: Resources, add: Add): void {
  add('cpu.shares', set(cpu.shares), 'cpu.shares');
  add('cpu.cfs_period_us', set(cpu.period), 'cpu.period');
  add('cpu.cfs_quota_us', set(cpu.quota), 'cpu.quota');
  add('cpu.cfs_burst_us', cpu.burst, 'cpu.burst');
  add('cpu.rt_period_us', set(cpu.realtimePeriod), 'cpu.realtimePeriod');
  add('cpu.rt_runtime_us', set(cpu.realtimeRuntime), 'cpu.realtimeRuntime');
  add('cpu.idle', cpu.idle, 'cpu.idle');
  add('cpuset.cpus', cpu.cpus, 'cpu.cpus');
  add('cpuset.mems', cpu.mems, 'cpu.mems');
}

function devicesOf({ devices = [] }: Resources): { readonly devices?: readonly DeviceRule[] } {
  // What haco's containers may anyway.
  const [only] = devices;
  const all = devices.length === 1 && only?.allow === true && (only.type ?? 'a') === 'a' && only.access === 'rwm';
  if (devices.length === 0 || (all && (only.major ?? -1) === -1 && (only.minor ?? -1) === -1)) return {};
  return { devices: [...devices, ...defaultDeviceRules] };
}

/** Limits of things that have names: network interfaces, adapters. */
function namedOf({ network = {}, rdma = {} }: Resources, into: Import): object {
  const priorities = network.priorities ?? [];
  into.cameFrom('cgroups.resources.netPrio', 'linux.resources.network.priorities');
  into.cameFrom('cgroups.resources.rdma', 'linux.resources.rdma');
  return {
    ...(priorities.length === 0
      ? {}
      : { netPrio: Object.fromEntries(priorities.map(({ name, priority }) => [name, priority])) }),
    ...(Object.keys(rdma).length === 0 ? {} : { rdma }),
  };
}

function reportMissing({ memory = {} }: Resources, into: Import): void {
  const missing = {
    'memory.checkBeforeUpdate': memory.checkBeforeUpdate === true ? true : undefined,
    'memory.useHierarchy': memory.useHierarchy === true ? true : undefined,
  };
  for (const [field, value] of Object.entries(missing)) {
    if (!saysNothing(value)) into.differs(`linux.resources.${field}`, 'haco has no word for it');
  }
}
