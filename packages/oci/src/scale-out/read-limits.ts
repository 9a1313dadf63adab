/** Limits of a spec as the handful that engines know. */
import { settingsOf } from '@haco/cgroups';
import { rlimitKinds, type RlimitKind, type RlimitValue } from '@haco/rlimits';
import { Draft, limitKeys } from '../export/limit-keys.js';
import type { Sections } from '../export/sections.js';
import type { Missing } from './report.js';
import type { Limits, Ulimit } from './service.js';

/** Which field of a service a key of a group is. */
const fields: ReadonlyMap<string, keyof Limits> = new Map<string, keyof Limits>([
  ['memory.max', 'memory'],
  ['memory.limit_in_bytes', 'memory'],
  ['memory.swap.max', 'swap'],
  ['memory.memsw.limit_in_bytes', 'swap'],
  ['memory.low', 'reservation'],
  ['memory.soft_limit_in_bytes', 'reservation'],
  ['cpu.max', 'cpus'],
  ['cpu.weight', 'shares'],
  ['cpu.shares', 'shares'],
  ['cpuset.cpus', 'cpuset'],
  ['cpuset.mems', 'mems'],
  ['pids.max', 'pids'],
]);

/** The kernel's own period, where a quota comes without one. */
const defaultPeriod = 100_000;

/** The limits; what no engine has a word for is told. */
export function readLimits({ cgroups }: Sections, missing: Missing): Limits {
  const { cpuTimeMs, parent, path, degrade } = cgroups;
  if (cpuTimeMs !== undefined) missing('cgroups.cpuTimeMs', 'no engine watches how much CPU time a container uses');
  if (degrade !== undefined) missing('cgroups.degrade', 'whether a limit may be left out is up to the engine');
  for (const [field, value] of Object.entries({ parent, path })) {
    if (value !== undefined) missing(`cgroups.${field}`, 'where groups are made is up to the engine');
  }
  const settings = settingsOf(cgroups).filter(({ counted }) => counted !== true);
  const all = new Map(settings.map(({ key, value }) => [key, value]));
  const draft = new Draft();
  const from = new Map<keyof Limits, string>();
  for (const setting of settings) {
    const field = fields.get(setting.key);
    if (field !== undefined && limitKeys(setting.key)?.(setting.value, draft, all) === true)
      from.set(field, setting.from);
    else missing(setting.from, `engines have no word for ${setting.key}`);
  }
  const values = valuesOf(draft);
  return Object.fromEntries(
    [...from].flatMap(([field, path]) => {
      const value = values[field];
      // A quota of -1 is none.
      return value === undefined ? [] : [[field, { value, from: path }]];
    }),
  );
}

function valuesOf({ memory, cpu, pids }: Draft): { readonly [Field in keyof Limits]?: number | string | undefined } {
  const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
  const atLeast0 = (value: unknown): number | undefined =>
    typeof value === 'number' && value >= 0 ? value : undefined;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const quota = atLeast0(cpu['quota']);
  return {
    memory: atLeast0(memory['limit']),
    swap: number(memory['swap']),
    reservation: atLeast0(memory['reservation']),
    cpus: quota === undefined ? undefined : quota / (number(cpu['period']) ?? defaultPeriod),
    shares: number(cpu['shares']),
    cpuset: text(cpu['cpus']),
    mems: text(cpu['mems']),
    pids: atLeast0(pids),
  };
}

/** Limits of the process, by the names of ulimit. */
export function readRlimits({ rlimits }: Sections): readonly Ulimit[] {
  const number = (value: RlimitValue): number => (value === 'unlimited' ? -1 : value);
  return (Object.keys(rlimitKinds) as RlimitKind[]).flatMap((kind) => {
    const limit = rlimits[kind];
    return limit === undefined ? [] : [{ kind, soft: number(limit.soft), hard: number(limit.hard) }];
  });
}
