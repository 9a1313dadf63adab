/** Which key of a group, by its name on v1 or v2, is which field of `linux.resources`. */
import type { Config } from '../import/schema.js';

type Resources = NonNullable<NonNullable<Config['linux']>['resources']>;

/** What has been placed so far. */
export class Draft {
  readonly memory: Record<string, number | boolean> = {};
  readonly cpu: Record<string, number | string> = {};
  readonly hugepageLimits: { readonly pageSize: string; readonly limit: number }[] = [];
  readonly priorities: { readonly name: string; readonly priority: number }[] = [];
  readonly rdma: Record<string, object> = {};
  readonly blockIO: Record<string, unknown> = {};
  readonly unified = new Map<string, string>();
  pids: number | undefined;
  classID: number | undefined;

  resources(): Resources {
    const { memory, cpu, hugepageLimits, priorities, rdma, blockIO, unified, pids, classID } = this;
    const network = {
      ...(classID === undefined ? {} : { classID }),
      ...(priorities.length === 0 ? {} : { priorities }),
    };
    const filled = Object.entries({ memory, cpu, hugepageLimits, network, rdma, blockIO }).filter(
      ([, value]) => Object.keys(value).length > 0,
    );
    return {
      ...(Object.fromEntries(filled) as Resources),
      ...(pids === undefined ? {} : { pids: { limit: pids } }),
      ...(unified.size === 0 ? {} : { unified: Object.fromEntries(unified) }),
    };
  }
}

/** Place a value; false when the field can't hold it. */
export type Place = (value: string, draft: Draft, all: ReadonlyMap<string, string>) => boolean;

const multiples = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** A number as the kernel reads it, with its letters for multiples; -1 is no limit. */
export function numberOf(value: string): number | undefined {
  if (value === 'max' || value === '-1') return -1;
  const match = /^(\d+)([kmgt])?$/i.exec(value.trim());
  if (match === null) return undefined;
  const [, digits = '', letter = ''] = match;
  const number = Number(digits) * (multiples[letter.toLowerCase() as keyof typeof multiples] ?? 1);
  return Number.isSafeInteger(number) ? number : undefined;
}

function placed<T>(value: T | undefined, set: (value: T) => void): boolean {
  if (value === undefined) return false;
  set(value);
  return true;
}

const memory =
  (field: string): Place =>
  (value, draft) =>
    placed(numberOf(value), (number) => (draft.memory[field] = number));

/** 0 would mean "not set" in these fields. */
const cpu =
  (field: string): Place =>
  (value, draft) => {
    const number = numberOf(value);
    return number === 0 ? false : placed(number, (given) => (draft.cpu[field] = given));
  };

const cpuText =
  (field: string): Place =>
  (value, draft) => {
    draft.cpu[field] = value;
    return true;
  };

/** `quota period`, of which the second may be missing. */
const cpuMax: Place = (value, draft) => {
  const [quota = '', period] = value.trim().split(/\s+/).map(numberOf);
  if (typeof quota !== 'number') return false;
  draft.cpu['quota'] = quota;
  if (period !== undefined) draft.cpu['period'] = period;
  return true;
};

// The unit of both is the scheduler's: weight 100 is 1024 shares.
const cpuWeight: Place = (value, draft) => {
  const weight = numberOf(value);
  if (weight === undefined || weight < 1) return false;
  draft.cpu['shares'] = Math.min(262_144, Math.max(2, Math.round((weight * 1024) / 100)));
  return true;
};

// The specification counts memory and swap together, v2 swap alone.
const swapAlone: Place = (value, draft, all) => {
  const swap = numberOf(value);
  const limit = numberOf(all.get('memory.limit_in_bytes') ?? all.get('memory.max') ?? '');
  if (swap === -1) return placed(-1, (number) => (draft.memory['swap'] = number));
  if (swap === undefined || limit === undefined || limit < 0) return false;
  return placed(limit + swap, (number) => (draft.memory['swap'] = number));
};

const noKiller: Place = (value, draft) => {
  if (value !== '1' && value !== '0') return false;
  if (value === '1') draft.memory['disableOOMKiller'] = true;
  return true;
};

const interfacePriority: Place = (value, draft) => {
  const [name = '', priority = ''] = value.trim().split(/\s+/);
  return placed(numberOf(priority), (number) => draft.priorities.push({ name, priority: number }));
};

const adapter: Place = (value, draft) => {
  const [name = '', ...words] = value.trim().split(/\s+/);
  const fields = words.map((word) => /^hca_(handle|object)=(\d+)$/.exec(word));
  if (fields.length === 0 || fields.includes(null)) return false;
  const limits = fields.map((field) => [field?.[1] === 'handle' ? 'hcaHandles' : 'hcaObjects', Number(field?.[2])]);
  draft.rdma[name] = { ...draft.rdma[name], ...(Object.fromEntries(limits) as object) };
  return true;
};

const places: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['memory.max', memory('limit')],
  ['memory.limit_in_bytes', memory('limit')],
  ['memory.low', memory('reservation')],
  ['memory.soft_limit_in_bytes', memory('reservation')],
  ['memory.swap.max', swapAlone],
  ['memory.memsw.limit_in_bytes', memory('swap')],
  ['memory.kmem.limit_in_bytes', memory('kernel')],
  ['memory.kmem.tcp.limit_in_bytes', memory('kernelTCP')],
  ['memory.swappiness', memory('swappiness')],
  ['memory.oom_control', noKiller],
  ['cpu.max', cpuMax],
  ['cpu.cfs_quota_us', cpu('quota')],
  ['cpu.cfs_period_us', cpu('period')],
  ['cpu.max.burst', cpu('burst')],
  ['cpu.cfs_burst_us', cpu('burst')],
  ['cpu.weight', cpuWeight],
  ['cpu.shares', cpu('shares')],
  ['cpu.rt_period_us', cpu('realtimePeriod')],
  ['cpu.rt_runtime_us', cpu('realtimeRuntime')],
  ['cpu.idle', cpuIdle],
  ['cpuset.cpus', cpuText('cpus')],
  ['cpuset.mems', cpuText('mems')],
  ['pids.max', (value, draft) => placed(numberOf(value), (number) => (draft.pids = number))],
  ['net_cls.classid', (value, draft) => placed(numberOf(value), (number) => (draft.classID = number))],
  ['net_prio.ifpriomap', interfacePriority],
  ['rdma.max', adapter],
]);

function cpuIdle(value: string, draft: Draft): boolean {
  return placed(numberOf(value), (number) => (draft.cpu['idle'] = number));
}

/** The place of a key, if it has one. */
export function limitKeys(key: string): Place | undefined {
  const size = /^hugetlb\.(\d+[KMG]B)\.(?:max|limit_in_bytes)$/.exec(key)?.[1];
  if (size === undefined) return places.get(key);
  return (value, draft) => placed(numberOf(value), (limit) => draft.hugepageLimits.push({ pageSize: size, limit }));
}
