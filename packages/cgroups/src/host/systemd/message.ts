/** What is asked of systemd, as arguments of `busctl`: pure. */
import { kernelBytes } from '../../controllers/units.js';
import type { Setting } from '../../settings.js';
import { spell, writesOf } from '../../spell.js';

/** A property of a unit: its D-Bus signature and the words that busctl makes a value of. */
export interface Property {
  readonly name: string;
  readonly signature: string;
  readonly values: readonly string[];
}

/** systemd's word for "no limit" in 64 bits. */
export const infinity = '18446744073709551615';

function number(name: string, value: string): Property {
  const unlimited = value === 'max' || value === '-1';
  return { name, signature: 't', values: [unlimited ? infinity : String(kernelBytes(value) ?? value)] };
}

/**
 * `cpu.max` as systemd counts it: microseconds per second. Its own period is 100 ms, which is the kernel's.
 */
function quota(value: string): readonly Property[] {
  const [time = 'max', period = '100000'] = value.trim().split(/\s+/);
  if (time === 'max') return [number('CPUQuotaPerSecUSec', 'max')];
  const perSecond = Math.round((Number(time) * 1_000_000) / Number(period));
  return [
    number('CPUQuotaPerSecUSec', String(perSecond)),
    ...(period === '100000' ? [] : [number('CPUQuotaPeriodUSec', period)]),
  ];
}

/** The word for all devices is the kernel's when it is read, and may be said. */
function weight(value: string): Property {
  return number('IOWeight', value.replace(/^default\s+/, ''));
}

/** Files of v2 that systemd writes from its properties. */
const byFile: Readonly<Record<string, (value: string) => readonly Property[]>> = {
  'cpu.max': quota,
  'cpu.weight': (value) => [number('CPUWeight', value)],
  'memory.max': (value) => [number('MemoryMax', value)],
  'memory.high': (value) => [number('MemoryHigh', value)],
  'memory.low': (value) => [number('MemoryLow', value)],
  'memory.min': (value) => [number('MemoryMin', value)],
  'memory.swap.max': (value) => [number('MemorySwapMax', value)],
  'pids.max': (value) => [number('TasksMax', value)],
  'io.weight': (value) => [weight(value)],
};

/** On v1 systemd keeps these properties, and writes nothing. */
const onlyOnV2: readonly string[] = ['memory.high', 'memory.low', 'memory.min', 'memory.swap.max'];

function isKnown(file: string, value: string, version: 1 | 2): boolean {
  if (!Object.hasOwn(byFile, file) || (version === 1 && onlyOnV2.includes(file))) return false;
  if (file === 'io.weight') return /^(default\s+)?\d+$/.test(value);
  return /^\d+( \d+)?$|^\d+[kmgt]$|^max( \d+)?$|^-1$/i.test(value);
}

/** Where a controller is; v2 where nobody has it. */
export type VersionOf = (controller: string) => 1 | 2 | undefined;

/** What systemd is told. */
export interface Told {
  /** Settings in the words of v2, which are those of the properties. */
  readonly told: readonly Setting[];
  readonly properties: readonly Property[];
  /** Settings that must be written to files, as they were asked. */
  readonly rest: readonly Setting[];
}

/**
 * The settings that systemd has properties for, and those that must be written to files. What systemd has a property for must be
 * told to it, whichever version's words it was asked in: it writes the file again whenever it likes.
 */
export function propertiesOf(settings: readonly Setting[], versionOf: VersionOf = () => 2): Told {
  const isTold = (setting: Setting): boolean => {
    const writes = spell(setting, 2, settings) ?? [];
    const version = versionOf(setting.controller) ?? 2;
    if (setting.key === 'cpu.cfs_period_us') {
      // Of v1's two files of a quota, the one is said with the other; alone it leaves the quota as it is there.
      if (writes.length === 0) return true;
      if (version === 1 && !settings.some(({ key }) => key === 'cpu.max')) return false;
    }
    return writes.length > 0 && writes.every(([file, value]) => isKnown(file, value, version));
  };
  const rest = settings.filter((setting) => !isTold(setting));
  // v1 limits memory and swap together: who writes the one needs the other.
  const withSwap = versionOf('memory') === 1 && rest.some(({ key }) => /^memory\.(swap|memsw)\./.test(key));
  const told = writesOf(settings.filter(isTold), 2, settings).map(({ file, value, setting }) => ({
    ...setting,
    key: file,
    value,
  }));
  return {
    told,
    properties: toldAs(told),
    rest: withSwap ? settings.filter((one) => rest.includes(one) || one.controller === 'memory') : rest,
  };
}

/** Settings in the words of v2 as properties. */
export function toldAs(settings: readonly Setting[]): readonly Property[] {
  return settings.flatMap(({ key, value }) => byFile[key]?.(value) ?? []);
}

/** Array of properties in busctl's words: their number, then name, signature and value of each. */
function propertyWords(properties: readonly Property[]): readonly string[] {
  return [
    String(properties.length),
    ...properties.flatMap(({ name, signature, values }) => [name, signature, ...values]),
  ];
}

const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'] as const;

/** Which bus: that of the system for root, that of the session for users. */
export function busOption(euid: number): '--system' | '--user' {
  return euid === 0 ? '--system' : '--user';
}

/** A new scope that holds a process, and delegates its group. */
export function startScope(fields: {
  readonly bus: '--system' | '--user';
  readonly unit: string;
  readonly pid: number;
  readonly slice?: string | undefined;
  readonly description: string;
  readonly properties: readonly Property[];
}): readonly string[] {
  const { bus, unit, pid, slice, description, properties } = fields;
  const all: readonly Property[] = [
    { name: 'Description', signature: 's', values: [description] },
    ...(slice === undefined ? [] : [{ name: 'Slice', signature: 's', values: [slice] }]),
    { name: 'PIDs', signature: 'au', values: ['1', String(pid)] },
    { name: 'Delegate', signature: 'b', values: ['true'] },
    // Gone from systemd's list as soon as it is empty, also when it failed.
    { name: 'CollectMode', signature: 's', values: ['inactive-or-failed'] },
    { name: 'CPUAccounting', signature: 'b', values: ['true'] },
    { name: 'MemoryAccounting', signature: 'b', values: ['true'] },
    { name: 'TasksAccounting', signature: 'b', values: ['true'] },
    { name: 'IOAccounting', signature: 'b', values: ['true'] },
    ...properties,
  ];
  return [
    bus,
    'call',
    ...manager,
    'StartTransientUnit',
    'ssa(sv)a(sa(sv))',
    unit,
    'fail',
    ...propertyWords(all),
    // No auxiliary units.
    '0',
  ];
}

/** Other limits for a unit that runs, until it ends. */
export function setProperties(
  bus: '--system' | '--user',
  unit: string,
  properties: readonly Property[],
): readonly string[] {
  return [bus, 'call', ...manager, 'SetUnitProperties', 'sba(sv)', unit, 'true', ...propertyWords(properties)];
}
